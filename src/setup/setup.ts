import { createInterface } from 'node:readline/promises';
import { createRequestHandler } from '../aws/http';
import { hasCode } from '../errors';
import { runChild } from '../system/child';
import { openAws } from './aws/aws';
import { planKey } from './aws/keyPlan';
import {
  planIdentity,
  planPolicy,
  planProtection,
  planRepository,
  planRole,
  planTrigger,
  toIdentityArn,
  toOwnership,
  toProtectionOf,
} from './aws/plan';
import { readAccount } from './aws/repository';
import { createBitbucketRepository } from './bitbucket/bitbucket';
import { planEnabled, planSchedule } from './bitbucket/plan';
import { declined, noTerminal, notPermitted, notRemoved, setupStopped } from './errors';
import {
  toBitbucketInstructions,
  toProtectionInstructions,
  toStepInstructions,
  toTriggerInstructions,
} from './instructions';
import { planFile } from './pipelines/plan';
import { toStepContent } from './pipelines/step';
import type { SetupRequest } from './request';
import { planRemoval } from './steps/removal';
import { type Hands, readSituation, type SetupContext, type Situation } from './steps/situation';
import { applyAll, applyPlan, type Made, nothingMade, type Plan, type Step, states } from './steps/step';

/** Reads both services, shows a plan, asks, carries it out, and verifies that it works. Throws MirrorError. */
export async function setup(request: SetupRequest, context: SetupContext): Promise<void> {
  const hands = openHands(request, context);
  if (request.remove) return await remove(hands);
  const situation = await readSituation(hands);
  const plan = planSetup(situation, hands);
  showPlan(plan.steps, situation.account, hands);
  if (request.protect) showProtection(situation, hands);
  requireSeen(plan);
  if (request.dryRun) return context.log.success('Dry run: nothing was changed.');

  if (plan.steps.some(({ state }) => state === 'verify')) await requireSsh(context);
  const changes = findChanges(plan.steps);
  if (changes.length > 0) await confirm(changes, hands);
  const made = await applyPlan(plan, context.signal, context.log);
  if (changes.length === 0)
    context.log.success('Nothing to do: everything is in place. Nothing was changed.');
  showNext(plan, made, situation, hands);
}

async function remove(hands: Hands): Promise<void> {
  const { request, context, aws } = hands;
  const account = await readAccount(aws, request.profile);
  const steps = await planRemoval(hands, account);
  showPlan(steps, account, hands);
  if (request.dryRun) return context.log.success('Dry run: nothing was changed.');
  const changes = findChanges(steps);
  if (changes.length > 0) await confirm(changes, hands);
  const failed = await applyAll(steps, context.signal, context.log);
  const byHand = steps.filter(({ state }) => state === 'by-hand');
  const left = [...failed, ...byHand.map(({ title, note }) => `${title}: ${note}`)];
  if (left.length > 0) throw notRemoved(left);
  context.log.success(
    changes.length === 0
      ? 'Nothing of this mirror was found: nothing was removed. If it was set up with --user, name it again.'
      : 'Everything that setup made for this mirror is removed.',
  );
}

function openHands(request: SetupRequest, context: SetupContext): Hands {
  const { region, profile, authorization, bitbucketApi: base } = request;
  const { env, signal, log } = context;
  const requestHandler = createRequestHandler(env, undefined, signal);
  const aws = openAws({ region, requestHandler, ...(profile !== undefined && { profile }) });
  const onWait = (seconds: number) => log.info(`Bitbucket asks to wait ${seconds} s.`);
  if (authorization === undefined) return { request, context, aws, bitbucket: undefined };
  const access = { base, authorization, env, signal, onWait };
  return { request, context, aws, bitbucket: createBitbucketRepository(access, request) };
}

/** Plans the changes. Throws MirrorError if setup can't continue without the user. */
function planSetup(situation: Situation, hands: Hands): Plan {
  const { request } = hands;
  const { bitbucket, identity } = situation;
  const ownership = toOwnership(identity, request);
  const access = request.oidc
    ? { steps: planRole(situation, hands, ownership), made: nothingMade }
    : planKey(situation, hands, ownership);
  const user = request.oidc ? [] : [planIdentity(situation, ownership, hands), planPolicy(situation, hands)];
  const steps = [
    planRepository(situation, hands),
    ...user,
    ...access.steps,
    ...(request.protect ? [planProtection(situation, hands)] : []),
    ...(request.trigger === undefined ? [] : [planTrigger(situation, hands, request.trigger)]),
    planEnabled(bitbucket, hands),
    ...(request.nightly ? [planSchedule(bitbucket, hands)] : []),
    ...planFile(situation, hands),
  ];
  return { steps, made: access.made };
}

function showPlan(steps: readonly Step[], account: string, { request, context, bitbucket }: Hands): void {
  const { workspace, repository, name, region } = request;
  context.say(`${workspace}/${repository} on Bitbucket → ${name} in ${region}, AWS account ${account}\n`);
  if (bitbucket === undefined)
    context.say('There is no Bitbucket token (BITBUCKET_TOKEN): what to do there is printed.\n');
  for (const step of steps) context.say(`  ${toPlanLine(step)}\n`);
}

function toPlanLine({ state, title, note, missing }: Step): string {
  const more = missing === undefined ? note : `missing permission: ${missing}`;
  return `${states[state].padEnd(14)} ${title}${more === undefined ? '' : ` (${more})`}`;
}

/** Shown even without the permission to create it: somebody else may do that. */
function showProtection(situation: Situation, { request, context }: Hands): void {
  const document = toProtectionOf(situation, request);
  context.say(toProtectionInstructions(request, situation.account, document));
}

function requireSeen({ steps }: Plan): void {
  const missing = steps.flatMap((step) => step.missing ?? []);
  if (missing.length > 0) throw notPermitted([...new Set(missing)]);
}

/** Checked before any change, because the verification needs ssh. */
async function requireSsh({ env, signal }: SetupContext): Promise<void> {
  await runChild({ program: 'ssh', args: ['-V'], name: 'ssh', env: { PATH: env['PATH'] }, signal });
}

function findChanges(steps: readonly Step[]): Step[] {
  return steps.filter(({ run, state }) => run !== undefined && state !== 'verify');
}

async function confirm(changes: readonly Step[], { request, context }: Hands): Promise<void> {
  if (request.yes) return;
  if (context.terminal === undefined) throw noTerminal();
  const count = `${changes.length} ${changes.length === 1 ? 'change' : 'changes'}`;
  if (!(await askYes(`Make ${count}? [y/N] `, context.terminal, context.signal))) throw declined();
}

/** Asks a question: "y" or "yes" means yes; everything else, and the end of the input, means no. */
async function askYes(
  question: string,
  terminal: NonNullable<SetupContext['terminal']>,
  signal: AbortSignal,
): Promise<boolean> {
  const lines = createInterface(terminal);
  const ending = new AbortController();
  // On a terminal in raw mode, Ctrl-C is a key, not a signal.
  lines.once('SIGINT', () => ending.abort(setupStopped('SIGINT')));
  lines.once('close', () => ending.abort());
  try {
    const answer = await lines.question(question, { signal: AbortSignal.any([signal, ending.signal]) });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    signal.throwIfAborted();
    if (!ending.signal.aborted) throw error;
    if (hasCode(ending.signal.reason, ['stopped'])) throw ending.signal.reason;
    return false;
  } finally {
    lines.close();
  }
}

/** Prints what the user has to do next. */
function showNext(
  plan: Plan,
  made: Made,
  situation: Situation,
  { request, context, bitbucket }: Hands,
): void {
  const { say, log } = context;
  if (bitbucket === undefined) say(toBitbucketInstructions(request, made));
  else if (situation.keyFile !== undefined)
    log.info(`Delete ${request.keyFile}: Bitbucket has the key now, and setup no longer needs it.`);
  if (request.trigger !== undefined) say(toTriggerInstructions(request, situation.account));
  const file = plan.steps.find(({ kind }) => kind === 'file');
  if (file?.state === 'by-hand')
    say(toStepInstructions(toStepContent(request, toIdentityArn(situation, request))));
  else if (file?.run !== undefined)
    say('\nCommit bitbucket-pipelines.yml and push it: that starts the first mirror.\n');
  if (plan.steps.some(({ state }) => state === 'verify')) return;
  const who = request.oidc
    ? 'Only a step of Pipelines has the token'
    : 'Only the pipeline has the private key';
  log.info(`${who}: this run did not test the connection; the next run of the pipeline does.`);
}
