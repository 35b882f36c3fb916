import type { Outcome } from '../../report/outcome';

/** The refs of a run that were not mirrored, in a line; undefined where there is none. */
export function toDeclined(outcome: Outcome | undefined): string | undefined {
  const declined = outcome?.refs.filter(({ code }) => code !== undefined) ?? [];
  const [first] = declined;
  if (first === undefined) return undefined;
  const count = `${declined.length} ${declined.length === 1 ? 'ref' : 'refs'} not mirrored`;
  return `${count}: ${first.ref} ${first.status} (${first.reason}) [${first.code}]`;
}
