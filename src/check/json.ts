import { toJsonRefs, toJsonText } from '../report/json';
import type { Checked } from './check';

/** A check of one destination. */
export interface NamedCheck extends Checked {
  /** Of the destination, distinct among those of the run. */
  readonly name: string;
  readonly url: string;
}

/**
 * The JSON document of a check, without secrets or control characters: version 1 for one destination. For several,
 * version 2 has a list with the same fields for each of them.
 */
export function toJsonCheck(
  checks: readonly NamedCheck[],
  toolVersion: string,
  clean: (text: string) => string,
): string {
  const tool = `codecommit-mirror ${toolVersion}`;
  const [only = { points: [], outcomes: [] }, ...more] = checks;
  if (more.length === 0) return toJsonText({ version: 1, tool, ...toJsonChecked(only, clean) });
  return toJsonText({
    version: 2,
    tool,
    destinations: checks.map((checked) => ({
      destination: clean(checked.url),
      ...toJsonChecked(checked, clean),
    })),
  });
}

function toJsonChecked({ points, outcomes }: Checked, clean: (text: string) => string) {
  return {
    points: points.map(({ name, state, reason, fix }) => ({
      name,
      state,
      reason: clean(reason),
      fix: fix === undefined ? null : clean(fix),
    })),
    differences: toJsonRefs(
      outcomes.filter(({ status }) => status !== 'equal'),
      clean,
    ),
  };
}
