import { setTimeout as wait } from 'node:timers/promises';
import type { SandboxFaults } from '../../src/sandbox/server';
import type { World } from '../e2e/world';
import type { BitbucketFaults } from '../servers/bitbucket';
import { kill, waitForNone } from '../servers/processes';
import { type PipeEnd, type RunningPipe, startPipe } from './pipe';
import { toVariables } from './policy';
import type { Random } from './random';
import { clearLocks, readDestination, type Stage } from './stage';

export const faultKinds = [
  'cut after bytes from the pipe',
  'cut after bytes to the pipe',
  'cut at a moment',
  'line down at a moment',
  'line down while the hooks run',
  'line down during the verification',
  'server killed',
  'connections refused',
  'second session refused',
  'slow link',
  'refs declined',
  'source answers 503',
  'source unreachable',
  'fetch from the source cut',
  'source moves',
  'source moves after the look',
  'somebody pushes to the mirror',
  'second pipe',
  'SIGTERM',
  'SIGTERM with the line down',
  'SIGTERM while the hooks run',
  'SIGTERM during the verification',
  'SIGINT',
  'SIGKILL',
] as const;

export type FaultKind = (typeof faultKinds)[number];

/** What may happen in a run without its outcome being any other. */
export const harmless: readonly FaultKind[] = ['second session refused', 'slow link'];

/** What a run gets over by itself, when it is over before the last attempt begins. */
export const passing: readonly FaultKind[] = [
  ...harmless,
  'cut after bytes from the pipe',
  'cut after bytes to the pipe',
  'cut at a moment',
  'line down at a moment',
  'line down while the hooks run',
  'line down during the verification',
  'server killed',
  'connections refused',
  'source answers 503',
  'source unreachable',
  'fetch from the source cut',
];

/** One run of the pipe amid its faults. */
export interface Disturbed {
  readonly ends: readonly PipeEnd[];
  /** When the last fault was over, in milliseconds since 1970; infinite where one lasted as long as the run. */
  readonly overAt: number;
}

/** What a fault may touch. */
interface Scene {
  readonly stage: Stage;
  readonly pipe: RunningPipe;
  readonly variables: Readonly<Record<string, string>>;
  /** Acts at a moment of the run, more often early than late; not at all when the run is over before. */
  readonly atMoment: (act: () => unknown) => Promise<void>;
  /** Acts when a fault that passes has lasted long enough. */
  readonly later: (act: () => unknown) => Promise<void>;
  readonly rivals: Promise<PipeEnd>[];
  /** Aborted when the run has ended. */
  readonly over: AbortSignal;
}

/** Every choice is made before the first wait, so that the seed alone decides. */
const faults: Readonly<Record<FaultKind, (scene: Scene) => Promise<unknown>>> = {
  'cut after bytes from the pipe': ({ stage: { world, random }, later }) => {
    world.sandbox.faults.dropAfterBytes = toBytes(random);
    return later(() => clear(world.sandbox.faults, 'dropAfterBytes'));
  },
  'cut after bytes to the pipe': ({ stage: { world, random }, later }) => {
    world.sandbox.faults.dropAfterBytesSent = toBytes(random);
    return later(() => clear(world.sandbox.faults, 'dropAfterBytesSent'));
  },
  'cut at a moment': ({ stage, atMoment }) => atMoment(() => stage.world.sandbox.cut()),
  'line down at a moment': ({ stage, atMoment }) => {
    const milliseconds = toOutage(stage.random);
    return atMoment(() => takeLineDown(stage.world, milliseconds));
  },
  'line down while the hooks run': ({ stage, over }) => {
    const milliseconds = toOutage(stage.random);
    return atNext({ stage, over }, 'afterAdvertise', () => takeLineDown(stage.world, milliseconds));
  },
  'line down during the verification': ({ stage, over }) => {
    const milliseconds = toOutage(stage.random);
    return atNext({ stage, over }, 'beforeUpload', () => takeLineDown(stage.world, milliseconds));
  },
  'server killed': ({ stage, atMoment }) => atMoment(() => killServer(stage)),
  'connections refused': ({ stage: { world }, later }) => {
    world.sandbox.faults.refuseConnections = true;
    return later(() => clear(world.sandbox.faults, 'refuseConnections'));
  },
  'second session refused': async ({ stage }) => {
    stage.world.sandbox.faults.refuseSecondSession = true;
  },
  'slow link': async ({ stage: { world, random } }) => {
    world.sandbox.faults.latencyMs = random.whole(2, 25);
  },
  'refs declined': async ({ stage: { world, random } }) => {
    world.sandbox.faults.declineRefs = random.pick([/main/, /^refs\/tags\//, /slice/, /backup/, /e/]);
  },
  'source answers 503': ({ stage: { world }, later }) => {
    world.bitbucket.faults.status = 503;
    return later(() => clear(world.bitbucket.faults, 'status'));
  },
  'source unreachable': ({ stage: { world }, later }) => {
    world.bitbucket.faults.unreachable = true;
    return later(() => clear(world.bitbucket.faults, 'unreachable'));
  },
  'fetch from the source cut': ({ stage: { world, random }, later }) => {
    world.bitbucket.faults.dropFetchAfterBytes = toBytes(random);
    return later(() => clear(world.bitbucket.faults, 'dropFetchAfterBytes'));
  },
  'source moves': ({ stage, atMoment }) => atMoment(stage.moveSource),
  'source moves after the look': async ({ stage }) => {
    const { faults: atSource } = stage.world.bitbucket;
    atSource.afterLook = async () => {
      atSource.afterLook = undefined;
      await stage.moveSource();
    };
  },
  'somebody pushes to the mirror': ({ stage, atMoment }) => {
    const choice = stage.random.whole(0, 99);
    return atMoment(() => pushAsSomebody(stage, choice));
  },
  'second pipe': ({ stage, atMoment, variables, rivals }) =>
    atMoment(() => rivals.push(startPipe(stage.world, stage.rivalMachine, stage.clone, variables).end)),
  SIGTERM: ({ pipe, atMoment }) => atMoment(() => pipe.kill('SIGTERM')),
  'SIGTERM with the line down': ({ stage, pipe, atMoment }) => {
    const milliseconds = toOutage(stage.random);
    return atMoment(async () => {
      const down = takeLineDown(stage.world, milliseconds);
      await wait(milliseconds / 2);
      pipe.kill('SIGTERM');
      await down;
    });
  },
  'SIGTERM while the hooks run': ({ stage, pipe, over }) =>
    atNext({ stage, over }, 'afterAdvertise', async () => pipe.kill('SIGTERM')),
  'SIGTERM during the verification': ({ stage, pipe, over }) =>
    atNext({ stage, over }, 'beforeUpload', async () => pipe.kill('SIGTERM')),
  SIGINT: ({ pipe, atMoment }) => atMoment(() => pipe.kill('SIGINT')),
  SIGKILL: ({ stage, pipe, atMoment }) => {
    const orphansLive = stage.random.chance(50);
    return atMoment(() => pipe.crash(orphansLive));
  },
};

/** Runs the pipe with the faults, to its end and theirs; afterwards the servers are well and at rest. */
export async function runDisturbed(stage: Stage, kinds: readonly FaultKind[]): Promise<Disturbed> {
  const { world, random } = stage;
  const variables = { ...toVariables(stage.policy), MAX_ATTEMPTS: String(random.whole(1, 3)) };
  const pipe = startPipe(world, stage.machine, stage.clone, variables);
  const over = new AbortController();
  const rivals: Promise<PipeEnd>[] = [];
  const toTimer = (milliseconds: number) => (act: () => unknown) =>
    wait(milliseconds, undefined, { signal: over.signal }).then(
      async () => void (await act()),
      () => undefined,
    );
  let overAt = 0;
  const happenings = kinds.map(async (kind) => {
    const atMoment = toTimer(Math.min(random.whole(0, 1_400), random.whole(100, 1_400)));
    const later = toTimer(random.whole(200, 2_500));
    await faults[kind]({ stage, pipe, variables, atMoment, later, rivals, over: over.signal });
    // The end of the run ends each wait, so that this is no end of the fault then.
    overAt = over.signal.aborted ? Number.POSITIVE_INFINITY : Math.max(overAt, Date.now());
  });
  const first = await pipe.end;
  const ends = [first, ...(await Promise.all(rivals))];
  over.abort();
  await Promise.all(happenings);
  clearFaults(world);
  const serving = await waitForNone(stage.findServing, 10_000);
  if (serving.length > 0)
    throw new Error(`the server still serves: ${serving.map((each) => each.arguments).join('\n')}`);
  return { ends, overAt };
}

function clearFaults({ sandbox, bitbucket }: World): void {
  for (const each of [sandbox.faults, bitbucket.faults])
    for (const name of Object.keys(each)) clear(each, name);
}

function clear(all: SandboxFaults | BitbucketFaults, name: string): void {
  Reflect.deleteProperty(all, name);
}

/** As many bytes as a listing, a small push or a big one has: each order of magnitude alike. */
function toBytes(random: Random): number {
  return random.whole(100, 999) * 10 ** random.whole(0, 3);
}

/** Milliseconds: a tenth of a second more often than five. */
function toOutage(random: Random): number {
  return Math.min(random.whole(100, 5_000), random.whole(100, 5_000));
}

/** Cuts every connection, and refuses new ones for so long. */
async function takeLineDown({ sandbox }: World, milliseconds: number): Promise<void> {
  sandbox.faults.refuseConnections = true;
  sandbox.cut();
  await wait(milliseconds);
  clear(sandbox.faults, 'refuseConnections');
}

/** Acts once, when the server is about to carry out a push, or to list its refs after one. */
function atNext(
  { stage, over }: Pick<Scene, 'stage' | 'over'>,
  moment: 'afterAdvertise' | 'beforeUpload',
  act: () => Promise<void>,
): Promise<void> {
  const { sandbox } = stage.world;
  const before = sandbox.counts.pushes;
  return new Promise((done) => {
    over.addEventListener('abort', () => done());
    sandbox.faults[moment] = async () => {
      if (moment === 'beforeUpload' && sandbox.counts.pushes === before) return;
      clear(sandbox.faults, moment);
      void act().then(done);
    };
  });
}

/** The server's git is gone without a word, and with it every connection; then it comes up again. */
async function killServer(stage: Stage): Promise<void> {
  const { sandbox, destination } = stage.world;
  sandbox.faults.refuseConnections = true;
  kill(await stage.findServing());
  sandbox.cut();
  await waitForNone(stage.findServing, 5_000);
  await clearLocks(destination);
  sandbox.faults.refuseConnections = undefined;
}

/** Somebody makes a branch, moves a ref to a commit of his own or to an older one, or deletes one. */
async function pushAsSomebody(stage: Stage, choice: number): Promise<void> {
  const present = await readDestination(stage);
  const names = Object.keys(present).filter((ref) => !/mirror-(backup|slice)/.test(ref));
  const ref = names[choice % Math.max(names.length, 1)];
  const old = Object.values(present)[choice % 7];
  if (ref === undefined || choice < 30) await stage.journal.change({ 'refs/heads/hotfix': stage.foreign });
  else if (choice < 60) await stage.journal.change({ [ref]: stage.foreign });
  else if (choice < 80 && old !== undefined && ref.startsWith('refs/tags/'))
    await stage.journal.change({ [ref]: old });
  else await stage.journal.change({}, [ref]);
}
