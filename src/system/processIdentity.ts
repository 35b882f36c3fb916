import { readFileSync, readlinkSync } from 'node:fs';
import { hasCode } from './errorCode';

/** A process, distinguished from earlier ones with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The PID namespace: `4026531836` of Linux's `pid:[4026531836]`, elsewhere `0`. */
  readonly namespace: string;
  /** Clock ticks since the machine started; undefined if it can't be read. */
  readonly startTime: string | undefined;
}

/** The identity of this process. */
export function readOwnIdentity(): ProcessIdentity {
  return { pid: process.pid, namespace: readNamespace(), startTime: readStartTime(process.pid) };
}

/**
 * What the name of a temporary file or folder begins with: `ccmirror-<PID namespace>-<PID>-<start time>-`. It identifies
 * the owner from the start. A PID alone would not: PIDs are reused, and in a container the first process is always 1.
 */
export function toOwnPrefix(): string {
  const { namespace, pid, startTime } = readOwnIdentity();
  return `ccmirror-${namespace}-${pid}-${startTime ?? 0}-`;
}

/** The owner in such a name; undefined for any other name. Version 1.0 had no start time. */
export function parseOwner(name: string): ProcessIdentity | undefined {
  const [, namespace, pid, startTime] = /^ccmirror-(\d+)-(\d+)-(?:(\d+)-)?\w+$/.exec(name) ?? [];
  return namespace === undefined ? undefined : { namespace, pid: Number(pid), startTime };
}

/**
 * Whether a process still runs. `unseen`: it is in another namespace, such as another container. The number alone is
 * not enough: numbers are reused, and in a container the first process is always 1.
 */
export function findProcess({ pid, namespace, startTime }: ProcessIdentity): 'running' | 'ended' | 'unseen' {
  if (namespace !== readNamespace()) return 'unseen';
  const running = readStartTime(pid);
  if (running !== undefined && startTime !== undefined) return running === startTime ? 'running' : 'ended';
  return isThere(pid) ? 'running' : 'ended';
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it exists, and belongs to another user.
    return !hasCode(error, 'ESRCH');
  }
}

function readNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0';
  } catch {
    return '0';
  }
}

/** Field 22 of /proc/<pid>/stat (proc(5)), the twentieth after the program's name in parentheses. */
function readStartTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
