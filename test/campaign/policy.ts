import type { Refs } from './history';
import type { Random } from './random';

/** What a run is asked for, in the words of the pipe's variables. */
export interface Policy {
  readonly refs: 'all' | 'current';
  /** The ref of the run: what `current` means. */
  readonly current: string;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly force: boolean;
  readonly prune: boolean;
  readonly pruneLimit: number;
  readonly backup: boolean;
  readonly pushSize: number;
}

const patterns = ['release/*', 'feature/*', 'refs/tags/*', 'main', 'm*', 'v?.0', '*topic*', 'refs/heads/**'];

export function createPolicy(random: Random, current: string, isBig: boolean): Policy {
  const refs = random.chance(80) ? 'all' : 'current';
  const all = refs === 'all';
  return {
    refs,
    current,
    include: all && random.chance(20) ? ['main', ...random.some(patterns, 40)] : [],
    exclude: all && random.chance(25) ? random.some(patterns, 20) : [],
    force: random.chance(60),
    prune: all && random.chance(60),
    pruneLimit: random.chance(85) ? 10 : random.whole(0, 2),
    backup: random.chance(40),
    pushSize: isBig ? 1 : 1024,
  };
}

/** The variables of the pipe that say so. */
export function toVariables(policy: Policy): Record<string, string> {
  return {
    REFS: policy.refs,
    ...(policy.include.length > 0 && { INCLUDE: policy.include.join(' ') }),
    ...(policy.exclude.length > 0 && { EXCLUDE: policy.exclude.join(',') }),
    FORCE: String(policy.force),
    PRUNE: String(policy.prune),
    PRUNE_LIMIT: String(policy.pruneLimit),
    BACKUP: String(policy.backup),
    PUSH_SIZE: String(policy.pushSize),
  };
}

const slicePrefix = 'refs/tags/codecommit-mirror-slice/';
const backupPattern = /^refs\/(?:heads|tags)\/mirror-backup\/\d{4}-\d\d-\d\dT\d{6}Z\/(heads|tags)\/(.+)$/;

/** The tip that a tag of the pipe's own carries to the destination; undefined for any other ref. */
export function parseSlice(ref: string): string | undefined {
  return ref.startsWith(slicePrefix) ? ref.slice(ref.lastIndexOf('/') + 1) : undefined;
}

/** The ref that a backup was made of, with a number where there are several; undefined where a ref is none. */
export function parseBackup(ref: string): string | undefined {
  const [, kind, name = ''] = backupPattern.exec(ref) ?? [];
  return kind === undefined ? undefined : `refs/${kind}/${name}`;
}

/** Whether a ref is any of this run's business. */
export function isSelected(ref: string, policy: Policy): boolean {
  if (policy.refs === 'current') return ref === policy.current;
  if (!/^refs\/(heads|tags)\//.test(ref) || parseSlice(ref) !== undefined) return false;
  const included = policy.include.length === 0 || policy.include.some((pattern) => matches(pattern, ref));
  return included && !policy.exclude.some((pattern) => matches(pattern, ref));
}

function matches(pattern: string, ref: string): boolean {
  const text = pattern.startsWith('refs/') ? ref : ref.replace(/^refs\/(heads|tags)\//, '');
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('**', '\0')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
    .replaceAll('\0', '.+');
  return new RegExp(`^${source}$`, 's').test(text);
}

/** The refs of a map that the policy names. */
export function selectRefs(refs: Refs, policy: Policy): Refs {
  return Object.fromEntries(Object.entries(refs).filter(([ref]) => isSelected(ref, policy)));
}
