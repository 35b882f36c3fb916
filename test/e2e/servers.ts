import { describe, test } from 'vitest';
import type { ServerName } from './world';

/** The sandbox's cases are in `npm test`, those of other servers in `npm run test:all` alone. */
export function toTags(server: ServerName): 'slow'[] {
  return server === 'sandbox' ? [] : ['slow'];
}

/** Describes the same cases at each of the servers; `%s` in the title is the server's name. */
export function describeServers(
  servers: readonly ServerName[],
  title: string,
  describeCases: (server: ServerName) => void,
): void {
  for (const server of servers)
    describe(title.replace('%s', server), { tags: toTags(server) }, () => describeCases(server));
}

/** Of a table of cases that are alike, `npm test` runs every fourth, and `npm run test:all` all. */
export function testCases<T extends { readonly title: string; readonly slow?: boolean }>(
  cases: readonly T[],
  run: (expected: T) => Promise<void>,
): void {
  for (const [index, expected] of cases.entries())
    test(expected.title, { tags: expected.slow || index % 4 > 0 ? ['slow'] : [] }, () => run(expected));
}
