import type { LfsOutcome } from './outcome';
import { toSize } from './size';

/** `3 Git LFS objects (1.2 MiB: "a.bin", "b.bin", …)` */
export function toLfsText({ objects, bytes, paths }: LfsOutcome): string {
  const count = `${objects} Git LFS ${objects === 1 ? 'object' : 'objects'}`;
  const names = paths.map((path) => JSON.stringify(path)).join(', ');
  return `${count} (${toSize(bytes)}: ${names}${objects > paths.length ? ', …' : ''})`;
}

/** The larger result of two attempts; it includes the other. */
export function toGreaterLfs(
  first: LfsOutcome | undefined,
  second: LfsOutcome | undefined,
): LfsOutcome | undefined {
  if (first === undefined || second === undefined) return second ?? first;
  return first.objects > second.objects ? first : second;
}
