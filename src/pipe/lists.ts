import { type Fault, quote } from '../faults';
import type { Context } from '../system/context';

/** The variables that may be YAML lists, and what separates the items of a plain value. */
export const separators = new Map([
  ['INCLUDE', /[\s,]+/],
  ['EXCLUDE', /[\s,]+/],
  ['KNOWN_HOSTS', /\r?\n/],
]);

/** A YAML list given to X arrives as X_COUNT, X_0, X_1, …; the limit keeps a wrong count from being counted out. */
export function gatherList(env: Context['env'], name: string, faults: Fault[]): string[] | undefined {
  const count = env[`${name}_COUNT`];
  if (!count) return env[name]?.split(separators.get(name) ?? '\n').filter((item) => item !== '');
  if (!/^\d{1,4}$/.test(count)) {
    faults.push({
      variable: name,
      code: 'variables-invalid',
      message: `${name}_COUNT is ${quote(count)}; it must be the number of items of the list ${name}, at most 9999.`,
      remedy: `Give ${name} as a YAML list and leave ${name}_COUNT to Pipelines.`,
    });
    return undefined;
  }
  return Array.from({ length: Number(count) }, (_, index) => env[`${name}_${index}`] ?? '').filter(
    (item) => item !== '',
  );
}
