import { ServiceQuotas, type ServiceQuotasClientConfig } from '@aws-sdk/client-service-quotas';

/** "Allowed repositories" of CodeCommit, by account and region (AWS General Reference, "Service quotas"). */
const quota = { ServiceCode: 'codecommit', QuotaCode: 'L-81790602' };

/**
 * How many repositories the account may have in this region; undefined where Service Quotas does not say: its permissions
 * are not needed for a mirror.
 */
export async function readAllowedRepositories(
  config: ServiceQuotasClientConfig,
  abortSignal: AbortSignal,
): Promise<number | undefined> {
  const client = new ServiceQuotas(config);
  const asked = [
    // Answers NoSuchResourceException where the account has no value of its own.
    () => client.getServiceQuota(quota, { abortSignal }),
    () => client.getAWSDefaultServiceQuota(quota, { abortSignal }),
  ];
  try {
    for (const ask of asked) {
      const answer = await ask().catch(() => undefined);
      if (answer?.Quota?.Value !== undefined) return answer.Quota.Value;
    }
    return undefined;
  } finally {
    client.destroy();
  }
}
