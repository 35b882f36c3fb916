import type { ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import type { PushedRef } from './receive-hooks';
import { ensureDefaultBranch } from './repository';

/** git's configuration on the server, for SSH and HTTPS. */
export const serverSettings: readonly string[] = [
  // CodeCommit's receive-pack has side-band-64k, report-status, delete-refs and thin packs, and none of these three.
  'receive.advertiseAtomic=false',
  'receive.advertisePushOptions=false',
  'repack.useDeltaBaseOffset=false',
  'receive.denyDeleteCurrent=refuse',
  'receive.procReceiveRefs=refs',
  // The repositories may belong to another user; the server decides which one is opened.
  'safe.directory=*',
  // Background maintenance would outlive its session.
  'gc.auto=0',
  'receive.autogc=false',
  'maintenance.auto=false',
];

/** Completes a push: the first branch in an empty repository becomes its default branch. */
export async function finishPush(repository: string, pushed: readonly PushedRef[]): Promise<void> {
  const created = pushed.filter(({ change }) => change === 'create').map(({ ref }) => ref);
  const branches = created.filter((ref) => ref.startsWith('refs/heads/'));
  if (branches.length > 0) await ensureDefaultBranch(repository, branches);
}

/** The socket to the hooks of a git that was started with a fourth pipe. */
export function toHookSocket(child: ChildProcess): Socket {
  const socket = child.stdio[3];
  if (!(socket instanceof Socket)) throw new Error('git was started without the socket of its hooks');
  socket.on('error', () => undefined);
  // A hook that outlives git would wait forever for an answer.
  child.once('exit', () => socket.end());
  return socket;
}

/**
 * Closes git's pipes, as sshd does when a client disconnects: git ends when it reads or writes. It gets no signal: a
 * signal while git locks a ref would leave the lock behind, and no push could change that ref again.
 */
export function hangUp({ stdin, stdout, stderr }: ChildProcess): void {
  for (const pipe of [stdin, stdout, stderr]) pipe?.destroy();
}
