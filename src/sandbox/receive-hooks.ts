import { mkdtemp, writeFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flushPacket, readPackets, toPacket } from '../git/pktLine';
import type { SandboxFaults } from './faults';

/** CodeCommit's limit: creates, updates and deletes together. */
const refsInOnePush = 4000;

/** Declines a whole push before its objects are kept. */
const preReceive = `#!/bin/sh
count=0
while read -r line; do count=$((count + 1)); done
if [ "$count" -gt ${refsInOnePush} ]; then
  echo 'A push can change at most ${refsInOnePush} references.' >&2
  exit 1
fi
`;

/**
 * Connects git with this program, which decides on all refs of a push together: an `update` hook would start a shell
 * for each of up to 4,000 refs. File descriptor 3 is the socket that receive-pack inherited.
 *
 * The image has no cat; starting Node for each push takes longer, so it is only the fallback.
 */
const procReceive = `#!/bin/sh
command -v cat >/dev/null || exec '${process.execPath}' -e '
  const socket = new (require("node:net").Socket)({ fd: 3 });
  socket.pipe(process.stdout);
  process.stdin.pipe(socket);'
cat <&3 &
exec cat >&3
`;

/** Writes the hooks of receive-pack to a new folder, for `core.hooksPath`, and returns its path. */
export async function writeReceiveHooks(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'codecommit-sandbox-hooks-'));
  await writeFile(join(folder, 'pre-receive'), preReceive, { mode: 0o755 });
  await writeFile(join(folder, 'proc-receive'), procReceive, { mode: 0o755 });
  return folder;
}

/** One command of a push. */
export interface PushedRef {
  readonly ref: string;
  readonly change: 'create' | 'update' | 'delete';
}

/**
 * Talks to the proc-receive hook ("version=1", then the commands, then a verdict on each) until receive-pack ends.
 * Returns the commands of the push in their order.
 */
export async function answerReceiveHooks(
  socket: Socket,
  faults: SandboxFaults,
): Promise<readonly PushedRef[]> {
  let pushed: readonly PushedRef[] | undefined;
  let greeted = false;
  for await (const section of readSections(socket)) {
    if (!greeted) {
      greeted = true;
      socket.write(toPacket('version=1') + flushPacket);
    } else if (pushed === undefined) {
      pushed = section.map(parseCommand);
      await faults.afterAdvertise?.();
      socket.end(toVerdicts(pushed, faults.declineRefs) + flushPacket);
    }
  }
  return pushed ?? [];
}

/** The texts of packets, section by section, up to the end of the stream. */
async function* readSections(stream: Socket): AsyncGenerator<readonly string[]> {
  let section: string[] = [];
  for await (const packet of readPackets(stream)) {
    if (packet !== undefined) section.push(packet);
    else {
      yield section;
      section = [];
    }
  }
}

function parseCommand(line: string): PushedRef {
  const [before = '', after = '', ...rest] = line.split(' ');
  const change = /^0+$/.test(before) ? 'create' : /^0+$/.test(after) ? 'delete' : 'update';
  return { ref: rest.join(' '), change };
}

/** `fall-through`: git does the update, with its own checks (old value, deletion of the default branch). */
function toVerdicts(pushed: readonly PushedRef[], declineRefs: RegExp | undefined): string {
  const packets = pushed.flatMap((command) => {
    const reason = explainDecline(command, declineRefs);
    if (reason !== undefined) return [`ng ${command.ref} ${reason}`];
    return [`ok ${command.ref}`, 'option fall-through'];
  });
  return packets.map(toPacket).join('');
}

/** Why this ref is declined; undefined if it is not. */
function explainDecline({ ref, change }: PushedRef, declineRefs: RegExp | undefined): string | undefined {
  // search() leaves a global expression's lastIndex alone; test() does not.
  if (declineRefs !== undefined && ref.search(declineRefs) !== -1) return 'declined by the server';
  const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
  if (branch === undefined || change === 'delete') return undefined;
  if (/^[0-9a-f]{40}$/i.test(branch)) return 'declined by the server: a branch name of 40 hexadecimal digits';
  if ([...branch].length > 256) return 'declined by the server: a branch name of more than 256 characters';
  return undefined;
}
