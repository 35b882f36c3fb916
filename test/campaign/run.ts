import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { tryGit } from '../servers/git';
import { type FaultKind, faultKinds, harmless, passing, runDisturbed } from './faults';
import type { Refs } from './history';
import { createGuard, type Guard, judgeBackups, judgeEnd, judgeLosses, judgeSlices } from './invariants';
import { readHead } from './journal';
import { isAncestorIn, type Promised, promise } from './model';
import { parseBackup, parseSlice } from './policy';
import { createRandom } from './random';
import { openStage, readClone, readDestination, readLeft, type Stage } from './stage';

/** What one run of the campaign came to. */
export interface CampaignRun {
  readonly seed: number;
  /** What must not have happened; empty is well. */
  readonly violations: readonly string[];
  readonly faults: readonly FaultKind[];
  /** Runs of the pipe, and how often these tried. */
  readonly pipes: number;
  readonly attempts: number;
  readonly exitCodes: readonly (number | null)[];
  /** Changes of refs at the destination by the pipes. */
  readonly changes: number;
  readonly slices: number;
  /** What to read when something is wrong. */
  readonly story: string;
}

/** One world, one to three runs of the pipe amid faults, and one without. `seed` decides every choice. */
export async function runOnce(seed: number): Promise<CampaignRun> {
  const random = createRandom(seed);
  await using stage = await openStage(random);
  const account = new Account(seed, stage);
  const { world } = stage;
  const guard = createGuard(stage, await readDestination(stage), () => readHead(world.destination));
  const clone = await readClone(stage.clone.dir);
  let mayLeave = false;
  for (let disturbed = random.whole(1, 3); disturbed >= 0; disturbed--) {
    const kinds = disturbed === 0 ? [] : chooseFaults(stage);
    if (disturbed > 0 && random.chance(30)) await stage.moveSource();
    const { isCrashed } = await runAndJudge(stage, guard, kinds, account);
    mayLeave = isCrashed;
    if (!mayLeave) account.add((await readLeft(stage.machine)).map((path) => `left behind: ${path}`));
    account.add((await readLeft(stage.rivalMachine)).map((path) => `left behind: ${path}`));
    const changed = (await readClone(stage.clone.dir)).filter((line) => !clone.includes(line));
    account.add(changed.map((line) => `the clone was changed: ${line}`));
    const whole = await tryGit(world.destination, ['fsck', '--connectivity-only', '--no-dangling']);
    if (whole.exitCode !== 0) account.add([`git fsck: ${whole.stdout}${whole.stderr}`]);
  }
  return account.toRun();
}

function chooseFaults({ random }: Stage): FaultKind[] {
  const first = random.pick(faultKinds);
  const more = random.chance(50) ? random.some(faultKinds, 8) : [];
  return [...new Set([first, ...more])];
}

/** What is seen in one run of the campaign. */
class Account {
  readonly #seed: number;
  readonly #stage: Stage;
  readonly #violations: string[] = [];
  readonly #faults: FaultKind[] = [];
  readonly #exitCodes: (number | null)[] = [];
  readonly #story: string[] = [];
  #attempts = 0;
  #changes = 0;
  #slices = 0;

  constructor(seed: number, stage: Stage) {
    this.#seed = seed;
    this.#stage = stage;
    this.tell('policy', stage.policy);
    this.tell('clone', { ...stage.clone.env, state: stage.clonedAt });
    stage.states.forEach((state, index) => {
      this.tell(`state ${index}`, state);
    });
  }

  tell(title: string, what: unknown): void {
    this.#story.push(`-- ${title}: ${typeof what === 'string' ? what : JSON.stringify(what, undefined, 1)}`);
  }

  add(violations: readonly string[]): void {
    this.#violations.push(...violations);
    for (const violation of violations) this.tell('VIOLATION', violation);
  }

  countFaults(kinds: readonly FaultKind[]): void {
    this.#faults.push(...kinds);
  }

  countPipe(exitCode: number | null, output: string): void {
    this.#exitCodes.push(exitCode);
    this.#attempts += 1 + (output.match(/Trying again in/g)?.length ?? 0);
  }

  countChanges(refs: readonly string[]): void {
    this.#changes += refs.length;
    this.#slices += refs.filter((ref) => parseSlice(ref) !== undefined).length;
  }

  toRun(): CampaignRun {
    return {
      seed: this.#seed,
      violations: this.#violations,
      faults: this.#faults,
      pipes: this.#exitCodes.length,
      attempts: this.#attempts,
      exitCodes: this.#exitCodes,
      changes: this.#changes,
      slices: this.#slices,
      story: `${this.#story.join('\n')}\nsource now at state ${this.#stage.now()}\n`,
    };
  }
}

/** Runs the pipe once, with a rival perhaps, and holds what came of it against what may. */
async function runAndJudge(
  stage: Stage,
  guard: Guard,
  kinds: readonly FaultKind[],
  account: Account,
): Promise<{ isCrashed: boolean }> {
  const from = stage.now();
  const before = await readDestination(stage);
  const promised = await promiseNow(stage, before);
  const { ends, overAt } = await runDisturbed(stage, kinds);
  const transitions = await stage.journal.read();
  const after = await readDestination(stage);
  account.tell(`run with ${kinds.join(', ') || 'no fault'}, source at ${from} to ${stage.now()}`, {
    before,
    transitions,
    after,
    promised,
  });
  for (const { exitCode, output } of ends) {
    account.tell(`exit code ${exitCode}`, output);
    account.countPipe(exitCode, output);
  }
  account.countFaults(kinds);
  account.countChanges(transitions.filter(({ by }) => by === 'pipe').map(({ ref }) => ref));
  const isFallback = ends.some(({ output }) => output.includes("Continuing with this run's own commit"));
  account.add(await guard.judge(transitions, from, isFallback));
  for (const end of ends) account.add(judgeEnd(end, kinds, before, transitions));

  const { destination } = stage.world;
  account.add(await judgeLosses(ends, transitions, destination));
  account.add(await judgeSlices(transitions, after, destination));

  const [first] = ends;
  const isStill = stage.now() === from && transitions.every(({ by }) => by === 'pipe') && !isFallback;
  const isAlone = isStill && ends.length === 1;
  const exitCode = first?.exitCode ?? null;
  if (isAlone && exitCode === 0)
    account.add([...judgePromise(promised, 0, before, after), ...judgeBackups(transitions)]);
  if (isAlone && kinds.every((kind) => harmless.includes(kind)))
    account.add(judgePromise(promised, exitCode, before, after));
  // An earlier push of the run may be carried out late, and in the way of a later one.
  const isOwnRival = /\[lease-broken\]|failed to update ref/.test(first?.output ?? '');
  const isOver = kinds.every((kind) => passing.includes(kind)) && overAt < (first?.lastAttemptAt ?? 0);
  if (isAlone && isOver && !isOwnRival)
    account.add(
      judgePromise(promised, exitCode, before, after).map((fault) => `after all faults were over: ${fault}`),
    );
  // One that a signal ended before it began could not clear up after the one before it.
  return { isCrashed: (first?.signal ?? null) !== null };
}

async function promiseNow(stage: Stage, destination: Refs): Promise<Promised> {
  return await promise({
    source: stage.states[stage.now()] ?? {},
    destination,
    head: await readHead(stage.world.destination),
    policy: stage.policy,
    isShallow: existsSync(join(stage.clone.dir, '.git', 'shallow')),
    isAncestor: (older, newer) => isAncestorIn(stage.world.source, older, newer),
  });
}

/** Holds the destination against the model: every ref, the backups of this run apart. */
function judgePromise(promised: Promised, exitCode: number | null, before: Refs, after: Refs): string[] {
  const backups = Object.keys(after).filter((ref) => before[ref] === undefined && parseBackup(ref));
  const refs = Object.entries(after).filter(([ref]) => !backups.includes(ref));
  const isKept = ([ref, tip]: readonly [string, string]) =>
    backups.some(
      (backup) => after[backup] === tip && /^(\.\d+)?$/.test((parseBackup(backup) ?? '').replace(ref, '')),
    );
  const lost = Object.entries(promised.replaced).filter((each) => !isKept(each));
  const names = new Set([...Object.keys(promised.refs), ...refs.map(([ref]) => ref)]);
  const actual = Object.fromEntries(refs);
  const isDifferent = (ref: string) => promised.refs[ref] !== actual[ref];
  const mayStay = (ref: string) => actual[ref] !== undefined && actual[ref] === promised.optional[ref];
  const different = [...names].filter((ref) => isDifferent(ref) && !mayStay(ref));
  return [
    ...(exitCode === promised.exitCode ? [] : [`exit code ${exitCode}, promised ${promised.exitCode}`]),
    ...different.map((ref) => `${ref} is ${actual[ref] ?? '-'}, promised ${promised.refs[ref] ?? '-'}`),
    ...lost.map(([ref, tip]) => `no backup of ${ref} ${tip}`),
  ];
}
