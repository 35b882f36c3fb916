import { describe } from 'vitest';
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
