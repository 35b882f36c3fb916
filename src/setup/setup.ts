import { CodeCommitClient } from '@aws-sdk/client-codecommit';
import { IAMClient } from '@aws-sdk/client-iam';
import { STSClient } from '@aws-sdk/client-sts';
import type { Context } from '../context';
import { applyPlan, type Made } from './apply';
import { askYes, type Terminal } from './ask';
import type { Aws } from './aws';
import { createBitbucketRepository } from './bitbucket';
import { toWitness } from './bitbucketPlan';
import { declined, noTerminal, notPermitted } from './errors';
import { toBitbucketInstructions, toStepInstructions } from './instructions';
import { planSetup } from './plan';
import { patience, prove } from './prove';
import { planRemoval } from './removal';
import type { SetupRequest } from './request';
import { readSituation, type Services, type Situation } from './situation';
import type { Plan, Step, StepState } from './step';

export interface SetupContext extends Context {
  /** Shows text as it is, but for secrets. */
  readonly say: (text: string) => void;
  readonly conceal: (secrets: readonly string[]) => void;
  /** Undefined: there is nobody to ask. */
  readonly terminal: Terminal | undefined;
}

/** Looks at both services, says what it would do, asks, does it, and proves that it works. Throws MirrorError. */
export async function setup(request: SetupRequest, context: SetupContext): Promise<void> {
  const services = openServices(request, context);
  const situation = await readSituation(request, services);
  const plan = request.remove ? planRemoval(situation, request) : planSetup(situation, request);
  showPlan(plan, situation, request, context);
  requireSeen(plan);
  if (request.dryRun) return context.log.success('Dry run: nothing was changed.');

  const changes = plan.steps.filter(({ action }) => action !== undefined);
  if (changes.length > 0) await confirm(changes, request, context);
  const hands = { request, situation, services, conceal: context.conceal };
  const made = await applyPlan(plan, hands, context.log);
  if (changes.length === 0)
    context.log.success('Nothing to do: everything is in place. Nothing was changed.');
  if (request.remove) return;

  showInstructions(plan, made, situation, request, context);
  await proveSetup(made, situation, request, context);
}

function openServices(request: SetupRequest, context: SetupContext): Services {
  const { region, profile, authorization, bitbucketApi: base } = request;
  const options = { region, ...(profile !== undefined && { profile }) };
  const { signal, log } = context;
  const onWait = (seconds: number) => log.info(`Bitbucket asks to wait ${seconds} s.`);
  const aws: Aws = {
    iam: new IAMClient(options),
    codecommit: new CodeCommitClient(options),
    sts: new STSClient(options),
    signal,
  };
  if (authorization === undefined) return { aws, bitbucket: undefined };
  const access = { base, authorization, signal, onWait };
  return { aws, bitbucket: createBitbucketRepository(access, request) };
}

const states: Readonly<Record<StepState, string>> = {
  exists: 'exists',
  make: 'will be made',
  change: 'will be changed',
  unseen: "can't be looked at",
  'by-hand': 'by hand',
  remove: 'will be removed',
  kept: 'stays',
};

function showPlan(plan: Plan, situation: Situation, request: SetupRequest, { say }: SetupContext): void {
  const { account, identity, bitbucket } = situation;
  const { workspace, repository, name, region } = request;
  say(`${workspace}/${repository} on Bitbucket → ${name} in ${region}, AWS account ${account}\n`);
  if (identity.kind === 'user') {
    const { host, fingerprint, origin } = identity.hostKey;
    say(`Host key of ${host}: ${fingerprint}, as ${toWitness(origin)}\n`);
  }
  if (bitbucket === undefined)
    say('There is no token of Bitbucket (BITBUCKET_TOKEN): what is to be done there is printed.\n');
  for (const step of plan.steps) say(`  ${toPlanLine(step)}\n`);
}

function toPlanLine({ state, title, note, missing }: Step): string {
  const more = missing === undefined ? note : `the permission ${missing} is missing`;
  return `${states[state].padEnd(18)} ${title}${more === undefined ? '' : ` (${more})`}`;
}

function requireSeen({ steps }: Plan): void {
  const missing = steps.flatMap((step) => step.missing ?? []);
  if (missing.length > 0) throw notPermitted([...new Set(missing)]);
}

async function confirm(changes: readonly Step[], { yes }: SetupRequest, context: SetupContext) {
  if (yes) return;
  if (context.terminal === undefined) throw noTerminal();
  const count = `${changes.length} ${changes.length === 1 ? 'step' : 'steps'}`;
  const answer = await askYes(`Carry out ${count}? [y/N] `, context.terminal, context.signal);
  if (!answer) throw declined();
}

function showInstructions(
  plan: Plan,
  made: Made,
  { identity, bitbucket }: Situation,
  request: SetupRequest,
  { say }: SetupContext,
): void {
  if (bitbucket === undefined && identity.kind === 'user')
    say(toBitbucketInstructions(request, made, identity));
  const step = plan.steps.find(({ title }) => title.startsWith('Step in '));
  if (step?.state === 'by-hand') say(toStepInstructions(request));
  else if (step?.action !== undefined)
    say('\nCommit bitbucket-pipelines.yml and push it: that starts the first mirror.\n');
}

/** The private half of a key that Pipelines has had before is nowhere to be read: then its next run is the proof. */
async function proveSetup(
  { key, keyId }: Made,
  { identity }: Situation,
  request: SetupRequest,
  context: SetupContext,
): Promise<void> {
  if (identity.kind === 'role' || key === undefined || keyId === undefined) {
    const why =
      identity.kind === 'role'
        ? 'Only a step of Pipelines has the token'
        : 'Only Pipelines has the private key';
    context.log.info(`${why}: the next run of the pipeline is the proof.`);
    return;
  }
  const { host, port, keyType, key: hostKey } = identity.hostKey;
  const name = port === 22 ? host : `[${host}]:${port}`;
  const variables = {
    CODECOMMIT_URL: request.url,
    ...(request.endpoint !== undefined && { CODECOMMIT_ENDPOINT: request.endpoint }),
    SSH_KEY_ID: keyId,
    SSH_KEY: key.pem,
    KNOWN_HOSTS: `${name} ${keyType} ${hostKey}`,
  };
  const count = await prove(variables, context, patience);
  context.log.success(`Proved: ${keyId} was accepted, and the repository has ${count} refs.`);
}
