import { join } from 'node:path';
import { openWorld, type World } from '../e2e/world';
import { git, gitWith, grow, readRefs, run } from '../servers/git';
import type { PipelinesClone, PipelinesRun } from '../servers/pipelinesClone';
import { findProcesses, type Process } from '../servers/processes';
import { createHistory, type Refs, writeHistory } from './history';
import { type Journal, openJournal } from './journal';
import { type Machine, openMachine } from './pipe';
import { createPolicy, type Policy } from './policy';
import type { Random } from './random';

/** One world with its random past, present and future. */
export interface Stage extends AsyncDisposable {
  readonly world: World;
  readonly random: Random;
  /** The refs of the source at one time after the other. */
  readonly states: readonly Refs[];
  /** Which of them is now. */
  readonly now: () => number;
  /** Moves the source on; does nothing when it has reached its last state. */
  readonly moveSource: () => Promise<void>;
  readonly journal: Journal;
  readonly policy: Policy;
  readonly clone: PipelinesClone;
  /** The state that the clone was made of. */
  readonly clonedAt: number;
  readonly machine: Machine;
  /** A second machine, for a second pipe. */
  readonly rivalMachine: Machine;
  /** A commit that the destination has and the source never had. */
  readonly foreign: string;
  /** What git still does for clients at the destination. */
  readonly findServing: () => Promise<Process[]>;
}

export async function openStage(random: Random): Promise<Stage> {
  const world = await openWorld();
  try {
    return await prepare(world, random);
  } catch (error) {
    await world[Symbol.asyncDispose]();
    throw error;
  }
}

async function prepare(world: World, random: Random): Promise<Stage> {
  const isBig = random.chance(12);
  const states = await writeHistory(world.source, createHistory(random, 7, isBig));
  let now = 0;
  let moving = Promise.resolve();
  await updateRefs(world.source, {}, states[0] ?? {});
  const foreign = await fillDestination(world, states[0] ?? {}, random);
  const moveSource = () => {
    moving = moving.then(async () => {
      const [before, after] = [states[now], states[now + 1]];
      if (before === undefined || after === undefined) return;
      // Counted first: from now on somebody may see it.
      now += 1;
      await updateRefs(world.source, before, after);
    });
    return moving;
  };
  await moveSource();
  const started = chooseRun(states[now] ?? {}, random);
  const clonedAt = now;
  // A pull request's merge needs the commit that both branches come from.
  const depth = random.pick(started.kind === 'pull-request' ? [1_000] : [1, 3, 50, 1_000]);
  const clone = await world.clone({ ...started, depth });
  const current = started.kind === 'tag' ? `refs/tags/${started.tag}` : `refs/heads/${started.branch}`;
  if (random.chance(50)) await moveSource();
  const { hooks } = world.sandbox;
  return {
    world,
    random,
    states,
    now: () => now,
    moveSource,
    journal: await openJournal(world.destination, hooks),
    policy: createPolicy(random, current, isBig),
    clone,
    clonedAt,
    machine: await openMachine(world.root, 'machine'),
    rivalMachine: await openMachine(world.root, 'rival'),
    foreign,
    findServing: async () => [
      ...(await findProcesses(world.destination, 'cmdline')),
      ...(await findProcesses(hooks, 'cmdline')),
    ],
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

/** Deletions in a transaction of their own: they make room for names below or above them. */
async function updateRefs(repository: string, before: Refs, after: Refs): Promise<void> {
  const gone = Object.keys(before).filter((ref) => after[ref] === undefined);
  const changed = Object.entries(after).filter(([ref, oid]) => before[ref] !== oid);
  const [deletions, updates] = [
    gone.map((ref) => `delete ${ref}\n`),
    changed.map(([ref, oid]) => `update ${ref} ${oid}\n`),
  ];
  for (const commands of [deletions, updates].filter((each) => each.length > 0))
    await gitWith({ input: commands.join('') }, repository, 'update-ref', '--stdin');
}

/** Gives the destination most of what the source has, and some things of its own. Gives a commit of its own. */
async function fillDestination(world: World, source: Refs, random: Random): Promise<string> {
  const { destination } = world;
  const present = random.chance(15) ? [] : random.some(Object.keys(source), 80);
  const specs = present.map((ref) => `+${ref}:${ref}\n`).join('');
  if (present.length > 0)
    await gitWith({ input: specs }, destination, 'fetch', '--quiet', '--no-tags', '--stdin', world.source);
  const branches = present.filter((ref) => ref.startsWith('refs/heads/'));
  const foreign = await grow(destination, 'campaign/foreign');
  await git(destination, 'update-ref', '-d', 'refs/heads/campaign/foreign');
  if (branches.length > 0 && random.chance(30))
    await grow(destination, random.pick(branches).slice('refs/heads/'.length), { file: 'foreign.txt' });
  for (const ref of random.some(['refs/heads/old/one', 'refs/heads/old/two', 'refs/tags/old'], 30))
    await git(destination, 'update-ref', ref, foreign);
  return foreign;
}

/** What started the pipeline: any branch or tag, or a pull request into main. */
function chooseRun(refs: Refs, random: Random): PipelinesRun & { readonly branch?: string } {
  const names = (prefix: string) =>
    Object.keys(refs).flatMap((ref) => (ref.startsWith(prefix) ? [ref.slice(prefix.length)] : []));
  const [branches, tags] = [names('refs/heads/'), names('refs/tags/')];
  const branch = branches.includes('main') && random.chance(60) ? 'main' : random.pick(branches);
  // git clone --branch takes a branch before a tag of the same name.
  const alone = tags.filter((tag) => !branches.includes(tag));
  if (alone.length > 0 && random.chance(10)) return { kind: 'tag', tag: random.pick(alone) };
  if (branch !== 'main' && branches.includes('main') && random.chance(30))
    return { kind: 'pull-request', branch };
  return { kind: random.chance(30) ? 'full' : 'branch', branch };
}

/**
 * Every file of a clone, one a line, with its kind, rights, size and time; packs without their time: a git that
 * is given an object that an alternate has sets the time of the alternate's pack, so that it is not thrown away.
 */
export async function readClone(folder: string): Promise<string[]> {
  const { stdout } = await run('find', folder, ['.', '-printf', '%p %y %m %s %l %T@\\n']);
  return stdout.split('\n').map((line) => line.replace(/^(.*\.pack f .*) \S+$/, '$1'));
}

/**
 * What a run left in a folder that must be empty, and in a home in which two files are known. One that was killed may
 * leave a third beside them, which was about to take the place of one and holds no secret.
 */
export async function readLeft({ temporary, home }: Machine): Promise<string[]> {
  const { stdout } = await run('find', temporary, ['.', '-mindepth', '1']);
  const found = await run('find', home, ['.', '-type', 'f']);
  const known = /^\.\/\.ssh\/(config|known_hosts)(\.\d+)?$/;
  return [...stdout.split('\n'), ...found.stdout.split('\n')].filter(
    (path) => path !== '' && !known.test(path),
  );
}

export function readDestination({ world }: Pick<Stage, 'world'>): Promise<Refs> {
  return readRefs(world.destination);
}

/** Where a server that comes up again clears what its death left. */
export async function clearLocks(repository: string): Promise<void> {
  await run('find', repository, ['.', '-name', '*.lock', '-delete']);
  const { stdout } = await run('find', repository, ['objects', '-name', 'tmp_objdir-*', '-prune']);
  const folders = stdout.split('\n').filter((path) => path !== '');
  if (folders.length > 0) await run('rm', repository, ['-rf', ...folders.map((path) => join('.', path))]);
}
