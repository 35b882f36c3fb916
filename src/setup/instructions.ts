import { toNightlyName, toVariableNames } from './names';
import { type StepContent, toStepText } from './pipelines/step';
import type { SetupRequest } from './request';
import type { Made } from './steps/step';

/** What somebody without a token does on Bitbucket; each value as it is to be typed. */
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
