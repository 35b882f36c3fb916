import { z } from 'zod';
import type { MirrorError } from '../../errors';
import { type Api, createApi, type HostContext, toRead, toWrite } from './api/api';
import { readLink } from './api/limits';
import { type Listing, listNewest, listWhole, type Page } from './api/paging';
import { createOnce } from './create';
import { nameRefused, nameTaken, notPermitted, notPrivate, ownerNotFound } from './errors';
import { githubDialect } from './githubDialect';
import {
  fitDescription,
  type Host,
  type HostRepository,
  type NewRepository,
  parseIdentity,
  type TokenReader,
  toAuthority,
  toFitting,
  toIdentity,
} from './host';
import { createGithubHooks } from './webhooks/githubHooks';

export interface GithubSettings {
  /** Of the web pages: `https://ghe.example.com`. Default: github.com. */
  readonly url?: string | undefined;
  /** An organisation or a user. */
  readonly owner: string;
  /** A personal access token, classic or fine-grained, or a token of an app's installation. */
  readonly readToken: TokenReader;
}

const repositorySchema = z.object({
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

type GithubRepository = z.infer<typeof repositorySchema>;

/** GitHub answers 422 beyond it ("description is too long (maximum is 350 characters)"). */
const descriptionAtMost = 350;
const needsToRead = 'the scope "repo" (classic), or the permissions Metadata and Contents (fine-grained)';
const needsToWrite = 'the scope "repo" (classic), or the permission Administration: write (fine-grained)';

/** Opens an organisation or a user of github.com or of a GitHub Enterprise Server. */
export function openGithub(settings: GithubSettings, context: HostContext): Host {
  const { owner, readToken } = settings;
  const { authority, base } = toPlace(settings.url);
  const name = `GitHub (${authority})`;
  const authorize = async () => ({ Authorization: `Bearer ${await readToken()}` });
  const api = createApi({ name, authority, base, dialect: githubDialect, authorize }, context);
  const toRepository = (found: GithubRepository) => toHostRepository(authority, found);
  const readScope = once(() => readOwner(api, settings));
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
    toRepository(await create(api, await readScope(), owner, wanted));
  return {
    kind: 'github',
    authority,
    hooks: createGithubHooks(api, async () => (await readScope()).isOrganisation, owner),
    async *list({ newestFirst = false } = {}) {
      const scope = await readScope();
      const order = newestFirst ? 'sort=pushed&direction=desc' : 'sort=created&direction=asc';
      const listing = createListing(api, scope, order, toRepository);
      yield* newestFirst ? listNewest(listing) : listWhole(listing);
    },
    find: async (identity) => await read(`/repositories/${parseIdentity(identity, authority)}`),
    findByName,
    create: (wanted) => createOnce({ post, findByName }, toFitting(wanted, descriptionAtMost)),
    async describe(repository, description) {
      const body = { description: fitDescription(description, descriptionAtMost) };
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

/** Asks once; a failure is not kept. */
function once<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined;
  return () => {
    reading ??= read().catch((error: unknown) => {
      reading = undefined;
      throw error;
    });
    return reading;
  };
}

interface Scope {
  readonly isOrganisation: boolean;
  /** Where the repositories of the owner are listed, with a query begun. */
  readonly path: string;
}

const ownerSchema = z.object({ login: z.string(), type: z.string() });

/** A user's private repositories stand only in the list of the token's own user, or of the app that is installed there. */
async function readOwner(api: Api, { owner, readToken }: GithubSettings): Promise<Scope> {
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

function createListing(
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
      const pages = last === undefined ? rows.length : Number(new URL(last).searchParams.get('page'));
      return { total: pages, newest: rows.map(toBirth)[0] };
    },
  };
}

function toBirth({ created_at: time }: GithubRepository): number {
  return Date.parse(time ?? '') || 0;
}

function toHostRepository(authority: string, found: GithubRepository): HostRepository {
  return {
    identity: toIdentity(authority, found.id),
    owner: found.owner.login,
    name: found.name,
    url: found.clone_url,
    description: found.description ?? '',
    isPrivate: found.private,
    isArchived: found.archived,
    isFork: found.fork,
    isBeingDeleted: false,
    changedAt: found.pushed_at ? new Date(found.pushed_at) : undefined,
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
