import { type PolicyDocument, toRepositoryArn } from '../aws/policy';
import { toProtectionArn } from './aws/protection';
import { toNightlyName, toVariableNames } from './names';
import { type StepContent, toStepText } from './pipelines/step';
import type { SetupRequest } from './request';
import type { Made } from './steps/step';

/** Instructions for Bitbucket without a token; each value as it must be entered. */
export function toBitbucketInstructions(request: SetupRequest, { key, keyId }: Made): string {
  const { workspace, repository, keyFile } = request;
  const names = toVariableNames(request);
  const variables = `
On Bitbucket, in the settings of ${workspace}/${repository}
(https://bitbucket.org/${workspace}/${repository}/admin):

1. Pipelines > Settings: turn "Enable Pipelines" on.
2. Pipelines > Repository variables:
   ${names.key} = what this prints, secured:
     base64 < ${keyFile} | tr -d '\\n'
   ${names.id} = ${keyId ?? 'the id of the key at IAM'}, not secured
`;
  const schedule = `3. Pipelines > Schedules: the pipeline "custom: ${toNightlyName(request)}", daily.\n`;
  const end = `Delete ${keyFile} when the pipeline works. Keys at IAM that the pipeline no longer has: delete them there.\n`;
  if (key === undefined) return request.nightly ? `${variables}${schedule}` : '';
  return `${variables}${request.nightly ? schedule : ''}${end}`;
}

/** The step to be added by hand. */
export function toStepInstructions(content: StepContent): string {
  const step = toStepText(content, '    ');
  const nightly =
    content.nightly === undefined
      ? ''
      : `  custom:\n    ${content.nightly}:\n${toStepText(content, '      ')}`;
  return `
Add this step to bitbucket-pipelines.yml, as the first of each pipeline (--write does it for you):

pipelines:
  default:
${step}  tags:
    '**':
${toStepText(content, '      ')}${nightly}`;
}

/** The policy of --protect, and where to attach it. */
export function toProtectionInstructions(
  request: SetupRequest,
  account: string,
  document: PolicyDocument,
): string {
  const arn = toProtectionArn(request, account);
  return `
--protect: this policy denies pushes to ${request.name} to everybody it is attached to, except the mirror.

${JSON.stringify(document, undefined, 2)}

CodeCommit has no policy on the repository itself, so making this one denies nothing yet. setup attaches it
to nobody. Attach it to each user, group and role that can push (codecommit-mirror check lists them):

  aws iam attach-group-policy --group-name <group> --policy-arn ${arn}
  aws iam attach-user-policy --user-name <user> --policy-arn ${arn}
  aws iam attach-role-policy --role-name <role> --policy-arn ${arn}

Roles of IAM Identity Center: add it to the permission set as a customer managed policy, with the path
/codecommit-mirror/. In AWS Organizations you can put the same text into a service control policy instead;
it then holds for the whole account, its root user included, but never in the management account.
Whoever may change IAM or the service control policy can undo it.

`;
}

/** What the target of --trigger must allow. */
export function toTriggerInstructions({ trigger = '', name, region }: SetupRequest, account: string): string {
  const repository = toRepositoryArn({ region, name }, account);
  if (trigger.includes(':sns:'))
    return `
The topic must let CodeCommit publish. A topic of another account needs a statement for this account in its
access policy. To send a test message: CodeCommit console > Settings > Triggers > Test trigger.
`;
  return `
The function must let CodeCommit call it. Once:
  aws lambda add-permission --function-name ${trigger} --statement-id codecommit-mirror \\
    --action lambda:InvokeFunction --principal codecommit.amazonaws.com \\
    --source-arn ${repository} --source-account ${account}
`;
}
