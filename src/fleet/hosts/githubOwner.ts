import * as z from 'zod';
import { type Api, toRead } from './api/api';
import { readLink } from './api/limits';
import type { Listing, Page } from './api/paging';
import { hostFailed, ownerNotFound } from './errors';
import type { GithubSettings } from './githubSettings';
import { toTime } from './host';
import type { HostRepository } from './repository';

export const repositorySchema = z.object({
  id: z.number(),
  name: z.string(),
  owner: z.object({ login: z.string() }),
  clone_url: z.string(),
  description: z.string().nullish(),
  private: z.boolean(),
  visibility: z.string().optional(),
  archived: z.boolean(),
  fork: z.boolean(),
  created_at: z.string().nullish(),
  pushed_at: z.string().nullish(),
  /** KiB. */
  size: z.number().optional(),
});

export type GithubRepository = z.infer<typeof repositorySchema>;

export const needsToRead =
  'the scope "repo" (classic), or the permissions Metadata and Contents (fine-grained)';

/** How the repositories of an owner are listed. */
export interface Scope {
  readonly isOrganisation: boolean;
  /** Where the repositories of the owner are listed, with a query begun. */
  readonly path: string;
}

const ownerSchema = z.object({ login: z.string(), type: z.string() });

/** A user's private repositories stand only in the list of the token's own user, or of the app that is installed there. */
export async function readScope(api: Api, { owner, readToken }: GithubSettings): Promise<Scope> {
  const path = `/users/${encodeURIComponent(owner)}`;
  const asked = toRead(ownerSchema, needsToRead);
  const reply = await api.askIfThere({ ...asked, path });
  if (reply === undefined) throw ownerNotFound(api.name, `organisation or user "${owner}"`);
  const { login, type } = reply.body;
  if (type === 'Organization')
    return {
      isOrganisation: true,
      path: `/orgs/${encodeURIComponent(login)}/repos?type=all`,
    };
  const isApp = (await readToken()).startsWith('ghs_');
  if (isApp) return { isOrganisation: false, path: '/installation/repositories?' };
  const { body: self } = await api.ask({ ...asked, path: '/user' });
  const isSelf = self.login.toLowerCase() === login.toLowerCase();
  if (isSelf) return { isOrganisation: false, path: '/user/repos?affiliation=owner' };
  return { isOrganisation: false, path: `${path}/repos?type=owner` };
}

const pageSchema = z.union([
  z.array(repositorySchema),
  z.object({ total_count: z.number(), repositories: z.array(repositorySchema) }),
]);

export function createListing(
  api: Api,
  scope: Scope,
  order: string,
  toRepository: (found: GithubRepository) => HostRepository,
): Listing<string> {
  const toError = (status: number) =>
    status === 404 ? ownerNotFound(api.name, `owner at ${scope.path}`) : undefined;
  const request = { ...toRead(pageSchema, needsToRead), toError };
  const readRows = async (path: string) => {
    const { body, headers } = await api.ask({ ...request, path });
    const rows = Array.isArray(body) ? body : body.repositories;
    return { rows, headers, total: Array.isArray(body) ? undefined : body.total_count };
  };
  return {
    name: api.name,
    async readPage(cursor): Promise<Page<string>> {
      const { rows, headers } = await readRows(cursor ?? `${scope.path}&${order}&per_page=100`);
      return { items: rows.map(toRepository), births: rows.map(toBirth), next: readLink(headers, 'next') };
    },
    /** With one row a page, the number of the last page is the number of rows. */
    async readCount() {
      const { rows, headers, total } = await readRows(`${scope.path}&sort=created&direction=desc&per_page=1`);
      // What an app is installed for comes in an order that is not documented, and with a count.
      if (total !== undefined) return { total, newest: Number.POSITIVE_INFINITY };
      const last = readLink(headers, 'last');
      const pages = last === undefined ? rows.length : Number(/[?&]page=(\d+)/.exec(last)?.[1]);
      if (Number.isNaN(pages)) throw hostFailed(api.name, 'the listing', `its last page is "${last}"`);
      return { total: pages, newest: rows.map(toBirth)[0] };
    },
  };
}

function toBirth({ created_at: time }: GithubRepository): number {
  return toTime(time)?.getTime() ?? 0;
}
