import { rm } from 'node:fs/promises';
import { readKeys } from '../../aws/sshKeys';
import { toMirrorError } from '../../system/errors';
import { deleteKey, type IdentityStore, openRole, openUser, putTrust } from '../aws/identity';
import { readKeyFile } from '../aws/keyFile';
import { removeTrust } from '../aws/oidc';
import { planProtectionRemoval, planTriggerRemoval } from '../aws/plan';
import { pipelinesFileUnfit } from '../errors';
import {
  toAdoptedTag,
  toMirrorTag,
  toNightlyName,
  toPolicyName,
  toProtectionName,
  toTriggerName,
  toVariableNames,
} from '../names';
import { planPipelinesFileRemoval } from '../pipelines/file';
import { fileStep, requireRoot, writePipelinesFile } from '../pipelines/plan';
import { type Hands, readPipelinesFile } from './situation';
import type { Step } from './step';

/**
 * Removes everything that setup created, both user and role. Access is removed first, and that requires only AWS: what
 * can't be read elsewhere is left to the user.
 */
export async function planRemoval(hands: Hands, account: string): Promise<Step[]> {
  const { request } = hands;
  const variables = await orByHand('Bitbucket: variables', () => planVariables(hands));
  const user = await orByHand(`IAM user ${request.user}`, () => planUser(hands, variables.usedId));
  const role = await orByHand(`IAM role ${request.user}`, () => planRole(hands));
  const protection = `IAM policy ${toProtectionName(request)}`;
  const trigger = `CodeCommit trigger ${toTriggerName(request)}`;
  return [
    ...user.steps,
    ...role.steps,
    ...(await orByHand(protection, () => planProtectionRemoval(hands, account))).steps,
    ...(await orByHand(trigger, () => planTriggerRemoval(hands))).steps,
    ...variables.steps,
    ...(await orByHand('Bitbucket: nightly schedule', () => planSchedules(hands))).steps,
    ...(await orByHand(`Private key in ${request.keyFile}`, () => planKeyFile(hands))).steps,
    ...(await orByHand(fileStep.title, () => planFile(hands))).steps,
    { title: `CodeCommit repository ${request.name}`, state: 'kept', note: 'setup never removes one' },
  ];
}

/** If something can't be read, it becomes a line of the plan. */
async function orByHand(title: string, plan: () => Promise<Part | Step[]>): Promise<Part> {
  try {
    const planned = await plan();
    return Array.isArray(planned) ? { steps: planned, usedId: undefined } : planned;
  } catch (error) {
    return { steps: [{ title, state: 'by-hand', note: toMirrorError(error).message }], usedId: undefined };
  }
}

interface Part {
  readonly steps: readonly Step[];
  /** The ID of the pipeline's key. */
  readonly usedId: string | undefined;
}

async function planUser({ request, aws }: Hands, usedId: string | undefined): Promise<Step[]> {
  const store = openUser(aws, request.user);
  const identity = await store.read();
  if (identity === undefined) return [];
  const title = `IAM user ${request.user}`;
  const isOurs = identity.tag === toMirrorTag(request);
  if (!isOurs && identity.tag !== toAdoptedTag(request)) return [toForeign(title, identity.tag)];
  const keyFile = await readKeyFile(request.keyFile).catch(() => undefined);
  const keys = (await readKeys(aws.iam, request.user)).map(({ id, body }): Step => {
    const key = `IAM: SSH public key ${id}`;
    if (isOurs || id === usedId || body === keyFile?.publicKey)
      return { title: key, state: 'remove', run: () => deleteKey(aws, request.user, id) };
    if (usedId !== undefined) return { title: key, state: 'kept', note: 'setup did not create it' };
    return { title: key, state: 'by-hand', note: 'delete it, unless somebody else uploaded it' };
  });
  return [...keys, ...(await planPolicy(store, request)), toEnd(store, title, isOurs)];
}

async function planRole({ request, aws }: Hands): Promise<Step[]> {
  const store = openRole(aws, request.user);
  const identity = await store.read();
  if (identity === undefined) return [];
  const title = `IAM role ${request.user}`;
  const isOurs = identity.tag === toMirrorTag(request);
  if (!isOurs && identity.tag !== toAdoptedTag(request)) return [toForeign(title, identity.tag)];
  const steps = await planPolicy(store, request);
  const rest = isOurs ? undefined : removeTrust(identity.trust);
  if (rest !== undefined) {
    const run = () => putTrust(aws, request.user, rest);
    steps.push({ title: `Our statement in the trust policy of ${request.user}`, state: 'remove', run });
  }
  const note = 'other repositories of the workspace may use it';
  return [...steps, toEnd(store, title, isOurs), { title: 'IAM identity provider', state: 'kept', note }];
}

function toForeign(title: string, owner: string | undefined): Step {
  const note = owner === undefined ? 'setup did not create it' : `it belongs to ${owner}`;
  return { title, state: 'kept', note };
}

async function planPolicy(store: IdentityStore, request: Hands['request']): Promise<Step[]> {
  const name = toPolicyName(request);
  if ((await store.readPolicy(name)) === undefined) return [];
  return [{ title: `IAM policy ${name}`, state: 'remove', run: () => store.deletePolicy(name) }];
}

/** Our user or role is deleted; an adopted one only loses our tag. */
function toEnd(store: IdentityStore, title: string, isOurs: boolean): Step {
  if (isOurs) return { title, state: 'remove', run: () => store.delete() };
  return { title: `Tag of the ${title}`, state: 'remove', run: () => store.deleteTag() };
}

async function planVariables({ request, bitbucket }: Hands): Promise<Part> {
  const names = toVariableNames(request);
  if (bitbucket === undefined) {
    const note = 'there is no token: delete it if it is there';
    const steps = [names.key, names.id].map(
      (key): Step => ({ title: `Bitbucket: variable ${key}`, state: 'by-hand', note }),
    );
    return { steps, usedId: undefined };
  }
  const ours = (await bitbucket.readVariables()).filter(({ key }) => [names.key, names.id].includes(key));
  const steps = ours.map(({ key, uuid }): Step => {
    const run = () => bitbucket.deleteVariable(uuid);
    return { title: `Bitbucket: variable ${key}`, state: 'remove', run };
  });
  return { steps, usedId: ours.find(({ key }) => key === names.id)?.value };
}

async function planSchedules({ request, bitbucket }: Hands): Promise<Step[]> {
  const pipeline = toNightlyName(request);
  if (bitbucket === undefined) {
    const note = `there is no token: delete the one of "custom: ${pipeline}" if it is there`;
    return [{ title: 'Bitbucket: nightly schedule', state: 'by-hand', note }];
  }
  const ours = (await bitbucket.readSchedules()).filter(
    ({ target }) => target.selector?.pattern === pipeline,
  );
  return ours.map(({ uuid }) => ({
    title: 'Bitbucket: nightly schedule',
    state: 'remove',
    run: () => bitbucket.deleteSchedule(uuid),
  }));
}

async function planKeyFile({ request }: Hands): Promise<Step[]> {
  const { keyFile, isOwnKeyFile } = request;
  const title = `Private key in ${keyFile}`;
  if ((await readKeyFile(keyFile)) === undefined) return [];
  if (!isOwnKeyFile) return [{ title, state: 'by-hand', note: 'delete it when nothing else uses it' }];
  return [{ title, state: 'remove', run: () => rm(keyFile, { force: true }) }];
}

async function planFile(hands: Hands): Promise<Step[]> {
  const { request } = hands;
  const file = await readPipelinesFile(hands);
  if (file.problem !== undefined) throw pipelinesFileUnfit(file.path, file.problem);
  if (file.text === undefined) return [];
  const { text, uses, left } = planPipelinesFileRemoval(file.text, request);
  const toByHand = (line: number): Step => ({
    ...fileStep,
    state: 'by-hand',
    note: `line ${line}: remove it (of several destinations, this one), or the next pipeline fails there`,
  });
  if (!request.write) return uses.map(toByHand);
  if (text === undefined) return left.map(toByHand);
  requireRoot(file, request);
  const run = () => writePipelinesFile(file.path, text);
  return [{ ...fileStep, state: 'remove', run }, ...left.map(toByHand)];
}
