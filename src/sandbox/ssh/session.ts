import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, Transform } from 'node:stream';
import type { ServerChannel } from 'ssh2';
import type { SandboxCounts } from '../counts';
import type { SandboxFaults } from '../faults';
import { finishPush, hangUp, serverSettings, toHookSocket } from '../gitServer';
import { answerReceiveHooks } from '../receive-hooks';
import { readRepositoryPath, toServerEnvironment } from '../repository';

/** What the sessions of all connections share. */
export interface SessionContext {
  readonly root: string;
  /** The folder of receive-pack's hooks. */
  readonly hooks: string;
  readonly faults: SandboxFaults;
  readonly counts: SandboxCounts;
  /** Whether the connection is gone. */
  readonly isCut: () => boolean;
}

type Service = 'upload-pack' | 'receive-pack';

/** CodeCommit's message to a client without a git command. */
const greeting =
  'You have successfully authenticated over SSH. You can use Git to interact with AWS CodeCommit. ' +
  'Interactive shells are not supported.\n';

/** Reports that there are no shells, and ends the session. */
export function greet(channel: ServerChannel): void {
  channel.write(greeting);
  leave(channel, 1);
}

/** Sends the exit code and a line for the client's standard error, and ends the session. */
export function refuse(channel: ServerChannel, exitCode: number, reason: string): void {
  if (channel.stderr.writable) channel.stderr.write(`fatal: ${reason}\n`);
  leave(channel, exitCode);
}

/**
 * Runs the client's git command. Fulfilled when git and its children have ended. `gone` is aborted when the client
 * disconnects; git sees that at its pipes.
 */
export async function serveCommand(
  context: SessionContext,
  channel: ServerChannel,
  command: string,
  gone: AbortSignal,
): Promise<void> {
  // Writing to a client that is disconnecting is not an error.
  channel.on('error', () => undefined);
  channel.stderr.on('error', () => undefined);
  if (context.faults.lfs !== undefined && command.startsWith('git-lfs-authenticate ')) {
    channel.write(JSON.stringify(context.faults.lfs));
    return leave(channel, 0);
  }
  const request = parseCommand(command);
  if (request === undefined) return greet(channel);
  const repository = await readRepositoryPath(context.root, request.path);
  if (repository === undefined) return refuse(channel, 128, `repository '${request.path}' not found`);
  if (gone.aborted) return;
  const serve = request.service === 'upload-pack' ? serveUploadPack : serveReceivePack;
  leave(channel, await serve({ context, channel, repository, gone }));
}

/** Exactly what git sends: the service, in its old or new spelling, and a path in single quotes. */
function parseCommand(command: string): { service: Service; path: string } | undefined {
  const match = /^git[- ](upload|receive)-pack '([^']*)'$/.exec(command);
  if (match === null) return undefined;
  return { service: match[1] === 'upload' ? 'upload-pack' : 'receive-pack', path: match[2] ?? '' };
}

interface Session {
  readonly context: SessionContext;
  readonly channel: ServerChannel;
  readonly repository: string;
  readonly gone: AbortSignal;
}

async function serveUploadPack({ context, channel, repository, gone }: Session): Promise<number> {
  await context.faults.beforeUpload?.();
  if (gone.aborted) return 128;
  return connect(channel, startGit('upload-pack', repository, []), gone);
}

async function serveReceivePack({ context, channel, repository, gone }: Session): Promise<number> {
  await context.faults.beforeAdvertise?.();
  if (gone.aborted) return 128;
  const child = startGit('receive-pack', repository, [`core.hooksPath=${context.hooks}`]);
  let failure: unknown;
  const gate = createGate(context, (cause) => {
    failure = cause;
    hangUp(child);
  });
  const [end, answers] = await Promise.allSettled([
    connect(channel, child, gone, gate),
    answerReceiveHooks(toHookSocket(child), context.faults),
  ]);
  if (failure !== undefined) throw failure;
  if (answers.status === 'rejected') throw answers.reason;
  if (end.status === 'rejected') throw end.reason;
  await finishPush(repository, answers.value);
  return end.value;
}

/** Lets through what the client sends, once a push has begun. A client that only looks sends a flush packet, if that. */
function createGate(
  { faults, counts, isCut }: SessionContext,
  onFailure: (cause: unknown) => void,
): Transform {
  let isOpen = false;
  let isLost = false;
  async function open(chunk: Buffer): Promise<void> {
    isOpen = true;
    if (chunk.toString('latin1', 0, 4) === '0000') return;
    counts.pushes += 1;
    await faults.beforeReceive?.();
    // Cut off before git has read anything, nothing of the push arrives.
    isLost = isCut();
  }
  return new Transform({
    transform(chunk: Buffer, _encoding, pass) {
      const forward = () => pass(null, isLost ? undefined : chunk);
      if (isOpen) forward();
      else open(chunk).then(forward, onFailure);
    },
  });
}

function startGit(service: Service, repository: string, more: readonly string[]): ChildProcess {
  const options = [...serverSettings, ...more].flatMap((setting) => ['-c', setting]);
  return spawn('git', [...options, service, repository], {
    env: toServerEnvironment(),
    // The fourth is for the hooks. All children of git inherit it, so it closes when the last of them has ended.
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
}

/** Connects channel and process until the process has ended; returns its exit code. */
async function connect(
  channel: ServerChannel,
  child: ChildProcess,
  gone: AbortSignal,
  gate: Transform = new PassThrough(),
): Promise<number> {
  const end = () => hangUp(child);
  gone.addEventListener('abort', end);
  // The process stops reading when it ends; nothing else needs to be reported.
  child.stdin?.on('error', () => undefined);
  if (child.stdin !== null) channel.pipe(gate).pipe(child.stdin);
  child.stdout?.pipe(channel, { end: false });
  child.stderr?.pipe(channel.stderr, { end: false });
  const [exitCode] = await once(child, 'close');
  gone.removeEventListener('abort', end);
  return typeof exitCode === 'number' ? exitCode : 128;
}

function leave(channel: ServerChannel, exitCode: number): void {
  channel.exit(exitCode);
  channel.end();
}
