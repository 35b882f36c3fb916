import { rm, writeFile } from 'node:fs/promises';
import { MirrorError, toErrorText } from '../../errors';
import { toAudience } from '../aws/oidc';
import { toIdentityArn } from '../aws/plan';
import { pipelinesFileUnfit } from '../errors';
import type { SetupRequest } from '../request';
import type { Hands, PipelinesFile, Situation } from '../steps/situation';
import type { Step } from '../steps/step';
import { hasAudience } from './document';
import { planPipelinesFile } from './file';
import { toStepContent } from './step';

/** The start of every line about the step in bitbucket-pipelines.yml. */
export const fileStep = { title: 'Step in bitbucket-pipelines.yml', kind: 'file' } as const;

/** Without --write, the step is printed if the file can't be changed. Throws MirrorError with --write. */
export function planFile(situation: Situation, { request }: Hands): Step[] {
  const { file } = situation;
  const content = toStepContent(request, toIdentityArn(situation, request));
  if (request.write) requireRoot(file, request);
  try {
    if (file.problem !== undefined) throw pipelinesFileUnfit(file.path, file.problem);
    const { text, added, different } = planPipelinesFile(file.text, content);
    const others = different.map((line): Step => {
      const note = `line ${line} has another login: give it the variables that are printed, or remove this destination there and add a step of its own`;
      return { ...fileStep, state: 'by-hand', note };
    });
    return [...toFileSteps(file, request, { text, added }), ...others, ...planAudience(situation, request)];
  } catch (error) {
    if (request.write || !(error instanceof MirrorError)) throw error;
    return [{ ...fileStep, state: 'by-hand', note: error.message }];
  }
}

function toFileSteps(
  { path, text: before }: PipelinesFile,
  { write }: SetupRequest,
  { text, added }: { text: string | undefined; added: readonly string[] },
): Step[] {
  if (text === undefined) return [{ ...fileStep, state: 'exists' }];
  if (!write) return [{ ...fileStep, state: 'by-hand', note: 'or --write' }];
  const note = `first in ${added.join(', ')}`;
  const run = () => writePipelinesFile(path, text);
  return [{ ...fileStep, state: before === undefined ? 'create' : 'change', note, run }];
}

/** Only in the clone of this repository; otherwise another repository would be mirrored. */
export function requireRoot(
  { path, clone }: PipelinesFile,
  { cwd, workspace, repository }: SetupRequest,
): void {
  const name = `${workspace}/${repository}`;
  if (clone === undefined) throw pipelinesFileUnfit(path, `${cwd} is not a git clone`);
  if (!clone.isRoot)
    throw pipelinesFileUnfit(path, `the root of the clone is ${clone.root}: run setup there`);
  if (clone.repositories.includes(name)) return;
  const found = clone.repositories.join(', ') || 'no repository on Bitbucket';
  throw pipelinesFileUnfit(path, `${cwd} is a clone of ${found}, not of ${name}`);
}

/** Audiences in the file replace the default one, which the trust policy requires. */
function planAudience({ bitbucket, file }: Situation, request: SetupRequest): Step[] {
  if (!request.oidc || bitbucket === undefined || file.text === undefined) return [];
  const audience = toAudience(bitbucket.ids);
  if (hasAudience(file.text, audience, request)) return [];
  const note = `add ${audience} to each list under oidc.audiences: without it AWS refuses the token`;
  return [{ title: 'OIDC audience in bitbucket-pipelines.yml', state: 'by-hand', note }];
}

/** Writes the text; deletes the file if it is empty. */
export async function writePipelinesFile(file: string, text: string): Promise<void> {
  try {
    if (text.trim() === '') await rm(file);
    else await writeFile(file, text);
  } catch (error) {
    throw pipelinesFileUnfit(file, toErrorText(error));
  }
}
