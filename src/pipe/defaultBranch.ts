import type { Identity } from '../aws/identity';
import { MirrorError } from '../errors';
import type { DefaultBranchSetter } from '../mirror/job';
import type { RemoteSettings } from '../remote/settings';
import type { DestinationUrl } from './destinationUrl';

/**
 * What makes a branch the default of the destination: undefined where that is not on CodeCommit, or where there are no
 * AWS credentials. AWS's client is loaded when it is needed. Throws MirrorError with what to do instead.
 */
export function toDefaultBranchSetter(
  { region, repository }: DestinationUrl,
  { login }: RemoteSettings,
  accessKey: Identity | undefined,
): DefaultBranchSetter | undefined {
  const identity = login.kind === 'aws' ? login.identity : accessKey;
  if (region === undefined || repository === undefined || identity === undefined) return undefined;
  return async (branch, context) => {
    try {
      const { updateDefaultBranch } = await import('../aws/defaultBranch');
      await updateDefaultBranch({ region, repository }, branch, identity, context);
    } catch (error) {
      if (!(error instanceof MirrorError)) throw error;
      const { code, message, exitCode, facts } = error;
      const remedy = `Allow codecommit:UpdateDefaultBranch on this repository for this user or role, or run once: ${toCommand({ region, repository }, branch)}`;
      throw new MirrorError(code, { message, remedy }, { exitCode, cause: error, facts });
    }
  };
}

/** What to do where there are no AWS credentials; undefined for a destination that is not on CodeCommit. */
export function toDefaultBranchAdvice({ region, repository }: DestinationUrl) {
  if (region === undefined || repository === undefined) return undefined;
  return (branch: string) =>
    `With AWS credentials the mirror changes that. Without them, run once: ${toCommand({ region, repository }, branch)}`;
}

function toCommand({ region, repository }: { region: string; repository: string }, branch: string): string {
  return `aws codecommit update-default-branch --region ${region} --repository-name ${repository} --default-branch-name ${branch}`;
}
