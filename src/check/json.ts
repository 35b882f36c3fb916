import { toJsonRefs } from '../report/json';
import type { Checked } from './check';

/** The JSON document of a check, version 1, without secrets or control characters. */
export function toJsonCheck(
  { points, differences }: Checked,
  toolVersion: string,
  clean: (text: string) => string,
): string {
  const document = {
    version: 1,
    tool: `codecommit-mirror ${toolVersion}`,
    points: points.map(({ name, state, reason, fix }) => ({ name, state, reason, fix: fix ?? null })),
    differences: toJsonRefs(differences),
  };
  const cleanText = (_key: string, value: unknown) => (typeof value === 'string' ? clean(value) : value);
  return `${JSON.stringify(document, cleanText, 2)}\n`;
}
