import { toAllRefs } from '../push/outcome';
import { toJsonDocument } from '../report/json';
import type { Checked } from './check';

/** The JSON document of a check, version 1, in pieces, without secrets or control characters. */
export function toJsonCheck(
  { points, outcomes }: Checked,
  toolVersion: string,
  clean: (text: string) => string,
): Generator<string> {
  const before = {
    version: 1,
    tool: `codecommit-mirror ${toolVersion}`,
    points: points.map(({ name, state, reason, fix }) => ({ name, state, reason, fix: fix ?? null })),
  };
  const differences = toAllRefs(outcomes).filter(({ status }) => status !== 'equal');
  return toJsonDocument({ before, name: 'differences', refs: differences, after: {} }, clean);
}
