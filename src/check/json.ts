import { toJsonRefs, toJsonText } from '../report/json';
import type { Checked } from './check';

/** The JSON document of a check, version 1, without secrets or control characters. */
export function toJsonCheck(
  { points, outcomes }: Checked,
  toolVersion: string,
  clean: (text: string) => string,
): string {
  return toJsonText({
    version: 1,
    tool: `codecommit-mirror ${toolVersion}`,
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
  });
}
