import { invalid, quote, type SettingsError } from '../faults';

const remedy =
  'Give the ARN of an SNS topic or a Lambda function in the region of the repository, such as arn:aws:sns:eu-west-1:111122223333:pushes.';

const arn =
  /^arn:aws[a-z-]*:(?:sns:([a-z0-9-]+):\d{12}:[\w.-]+|lambda:([a-z0-9-]+):\d{12}:function:[\w-]+(?::[\w$-]+)?)$/;

/**
 * `arn:<partition>:sns:<region>:<account>:<topic>` or `arn:<partition>:lambda:<region>:<account>:function:<name>`.
 * Undefined without a flag. Throws SettingsError if the ARN is invalid or in another region, which CodeCommit does not
 * accept (InvalidRepositoryTriggerRegionException).
 */
export function parseTrigger(flag: string | undefined, region: string | undefined): string | undefined {
  if (flag === undefined) return undefined;
  const [all, topicRegion, functionRegion] = arn.exec(flag) ?? [];
  if (all === undefined) throw unfit(`--trigger is ${quote(flag)}, which is not valid.`);
  const own = topicRegion ?? functionRegion;
  if (region !== undefined && own !== region)
    throw unfit(`--trigger is in ${own}, and the repository in ${region}.`);
  return flag;
}

function unfit(message: string): SettingsError {
  return invalid('--trigger', message, remedy, 'setup-invalid');
}
