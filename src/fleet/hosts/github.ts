import type { MirrorError } from '../../errors';
import { once } from '../../system/once';
import { type Api, createApi, toRead, toWrite } from './api/api';
import { listNewest, listWhole } from './api/paging';
import type { HostContext } from './api/settings';
import { createOnce } from './create';
import { nameRefused, nameTaken, notPermitted, notPrivate, unusableUrl } from './errors';
import { githubDialect } from './githubDialect';
import {
  createListing,
  type GithubRepository,
  needsToRead,
  readScope,
  repositorySchema,
  type Scope,
} from './githubOwner';
import type { GithubSettings } from './githubSettings';
import {
  type Host,
  type NewRepository,
  parseIdentity,
  toAuthority,
  toCloneUrl,
  toIdentity,
  toTime,
} from './host';
import type { HostRepository } from './repository';
import { createGithubHooks } from './webhooks/githubHooks';

/** GitHub answers 422 beyond it ("description is too long (maximum is 350 characters)"). */
const descriptionAtMost = 350;
const needsToWrite = 'the scope "repo" (classic), or the permission Administration: write (fine-grained)';

/** Opens an organisation or a user of github.com or of a GitHub Enterprise Server. */
export function openGithub(settings: GithubSettings, context: HostContext): Host {
  const { owner, readToken } = settings;
  const { authority, base } = toPlace(settings.url);
  const name = `GitHub (${authority})`;
  const authorize = async () => ({ Authorization: `Bearer ${await readToken()}` });
  const api = createApi({ name, authority, base, dialect: githubDialect, authorize }, context);
  const toRepository = (found: GithubRepository) => toHostRepository(api.name, { authority, base }, found);
  const readOwner = once(() => readScope(api, settings));
  const read = async (path: string) => {
    const reply = await api.askIfThere({ ...toRead(repositorySchema, needsToRead), path });
    return reply && toRepository(reply.body);
  };
  const findByName = async (wanted: string) => {
    const found = await read(toPath(owner, wanted));
    // After a rename GitHub leads from the old name to the new one.
    return found && toFull(found) === toFull({ owner, name: wanted }) ? found : undefined;
  };
  const post = async (wanted: NewRepository) =>
    toRepository(await create(api, await readOwner(), owner, wanted));
  return {
    kind: 'github',
    authority,
    descriptionAtMost,
    hooks: createGithubHooks(api, async () => (await readOwner()).isOrganisation, owner),
    async *list({ newestFirst = false } = {}) {
      const scope = await readOwner();
      const order = newestFirst ? 'sort=pushed&direction=desc' : 'sort=created&direction=asc';
      const listing = createListing(api, scope, order, toRepository);
      yield* newestFirst ? listNewest(listing) : listWhole(listing);
    },
    find: async (identity) => await read(`/repositories/${parseIdentity(identity, authority)}`),
    findByName,
    create: (wanted) => createOnce({ post, findByName }, wanted),
    async describe(repository, description) {
      const body = { description };
      await api.ask(toWrite('PATCH', toPath(repository.owner, repository.name), needsToWrite, body));
    },
    // GitHub takes any user name beside a token; this is the one of its own examples.
    login: async () => ({ kind: 'password', username: 'x-access-token', password: await readToken() }),
  };
}

/** github.com has its API on a host of its own, and so has each tenant of ghe.com; a server has it below /api/v3. */
function toPlace(url: string | undefined): { authority: string; base: string } {
  const authority = url === undefined ? 'github.com' : toAuthority(url);
  if (url === undefined || authority === 'github.com') return { authority, base: 'https://api.github.com' };
  if (authority.endsWith('.ghe.com')) return { authority, base: `https://api.${authority}` };
  return { authority, base: `${new URL(url).origin}/api/v3` };
}

function toPath(owner: string, name: string): string {
  return `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(name)}`;
}

/** GitHub compares names without their case. */
function toFull({ owner, name }: { readonly owner: string; readonly name: string }): string {
  return `${owner}/${name}`.toLowerCase();
}

function toHostRepository(
  host: string,
  { authority, base }: { readonly authority: string; readonly base: string },
  found: GithubRepository,
): HostRepository {
  const url = toCloneUrl(found.clone_url, base);
  if (url === undefined) throw unusableUrl(host, found.name, found.clone_url);
  return {
    identity: toIdentity(authority, found.id),
    owner: found.owner.login,
    name: found.name,
    url,
    description: found.description ?? '',
    isPrivate: found.private,
    isArchived: found.archived,
    isFork: found.fork,
    isBeingDeleted: false,
    changedAt: toTime(found.pushed_at),
    bytes: found.size === undefined ? undefined : found.size * 1_024,
  };
}

async function create(
  api: Api,
  { isOrganisation, path }: Scope,
  owner: string,
  wanted: NewRepository,
): Promise<GithubRepository> {
  const needs = isOrganisation
    ? 'the right to create repositories in the organisation, and the scope "repo" or the permission Administration: write'
    : 'a token of the user itself, with the scope "repo" or the permission Administration: write';
  if (!isOrganisation && !path.startsWith('/user/repos'))
    throw notPermitted(api.name, `a new repository of ${owner}`, 'the token is of another user', needs);
  const { body: made } = await api.ask({
    method: 'POST',
    path: isOrganisation ? `/orgs/${encodeURIComponent(owner)}/repos` : '/user/repos',
    body: {
      name: wanted.name,
      description: wanted.description,
      private: true,
      has_issues: false,
      has_projects: false,
      has_wiki: false,
    },
    schema: repositorySchema,
    needs,
    toError: (status, said) => toCreationError(api.name, wanted.name, needs, status, said),
  });
  if (!made.private || (made.visibility !== undefined && made.visibility !== 'private'))
    throw notPrivate(api.name, made.name, `it is ${made.visibility ?? 'public'}`);
  return made;
}

/** GitHub answers 404 where a token may not even know that it lacks a permission. */
function toCreationError(
  host: string,
  name: string,
  needs: string,
  status: number,
  said: string,
): MirrorError | undefined {
  if (status === 404) return notPermitted(host, `a new repository "${name}"`, said, needs);
  if (status !== 422) return undefined;
  return /already exists/.test(said) ? nameTaken(host, name) : nameRefused(host, name, said);
}
