import * as z from 'zod';
import type { MirrorError } from '../../errors';
import { cutEndSlashes } from '../../http/endSlashes';
import { type Api, createApi, toRead, toWrite } from './api/api';
import { type Listing, listNewest, listWhole } from './api/paging';
import type { HostContext } from './api/settings';
import { bitbucketCloudDialect, toAuthorization } from './bitbucketDialects';
import { createOnce } from './create';
import { nameRefused, nameTaken, notPrivate, ownerNotFound, quotaUsedUp, unusableUrl } from './errors';
import {
  type Host,
  type NewRepository,
  parseIdentity,
  type TokenReader,
  toAuthority,
  toCloneUrl,
  toIdentity,
  toTime,
} from './host';
import type { HostRepository } from './repository';
import { createBitbucketCloudHooks } from './webhooks/bitbucketCloudHooks';

export interface BitbucketCloudSettings {
  /** Of the API, without its version. Default: https://api.bitbucket.org. */
  readonly url?: string | undefined;
  readonly workspace: string;
  /** The key of a project: only its repositories are listed, and new ones belong to it. Default: the whole workspace. */
  readonly project?: string | undefined;
  /** The address of the Atlassian account, for an API token; without it the token is an access token. */
  readonly email?: string | undefined;
  readonly readToken: TokenReader;
}

const repositorySchema = z.object({
  /** With braces. */
  uuid: z.string(),
  slug: z.string(),
  workspace: z.object({ slug: z.string() }).optional(),
  full_name: z.string(),
  description: z.string().nullish(),
  is_private: z.boolean(),
  parent: z.unknown().optional(),
  created_on: z.string(),
  updated_on: z.string().nullish(),
  size: z.number().optional(),
  links: z.object({ clone: z.array(z.object({ name: z.string(), href: z.string() })).optional() }),
});

type CloudRepository = z.infer<typeof repositorySchema>;

/** No limit is published: that of Data Center, which a marker fits into. */
const descriptionAtMost = 255;
const needsToRead = 'the scope "read:repository:bitbucket" (an access token: repository, read)';
const needsToWrite = 'the scope "admin:repository:bitbucket" (an access token: repository, admin)';
const publicApi = 'https://api.bitbucket.org';

/** Opens a workspace of Bitbucket Cloud, or one project of it. */
export function openBitbucketCloud(settings: BitbucketCloudSettings, context: HostContext): Host {
  const { url = publicApi, workspace, readToken, email } = settings;
  const authority = url === publicApi ? 'bitbucket.org' : toAuthority(url);
  const name = `Bitbucket (${authority})`;
  const base = `${cutEndSlashes(url)}/2.0`;
  const authorize = async () => ({ Authorization: toAuthorization(await readToken(), email) });
  const api = createApi({ name, authority, base, dialect: bitbucketCloudDialect, authorize }, context);
  const toRepository = (found: CloudRepository) => toHostRepository(api.name, { authority, base }, found);
  const place = `/repositories/${encodeURIComponent(workspace)}`;
  const toPath = (identity: string) =>
    `${place}/${encodeURIComponent(`{${parseIdentity(identity, authority)}}`)}`;
  const read = async (path: string) => {
    const reply = await api.askIfThere({ ...toRead(repositorySchema, needsToRead), path });
    return reply && toRepository(reply.body);
  };
  const findByName = async (wanted: string) => {
    const found = await read(`${place}/${encodeURIComponent(wanted.toLowerCase())}`);
    return found?.name === wanted.toLowerCase() ? found : undefined;
  };
  const post = async (wanted: NewRepository) => toRepository(await create(api, settings, wanted));
  return {
    kind: 'bitbucket',
    authority,
    descriptionAtMost,
    hooks: createBitbucketCloudHooks(api, workspace, toPath),
    async *list({ newestFirst = false } = {}) {
      const listing = createListing(api, settings, newestFirst ? '-updated_on' : 'created_on', toRepository);
      yield* newestFirst ? listNewest(listing) : listWhole(listing);
    },
    find: async (identity) => await read(toPath(identity)),
    findByName,
    create: (wanted) => createOnce({ post, findByName }, wanted),
    async describe({ identity, isPrivate }, description) {
      // Said again, so that no default can change it.
      const body = { description, is_private: isPrivate };
      await api.ask(toWrite('PUT', toPath(identity), needsToWrite, body));
    },
    login: async () => ({ kind: 'password', username: toGitUser(email), password: await readToken() }),
  };
}

/** Each kind of token has a user name of its own for git. */
function toGitUser(email: string | undefined): string {
  return email === undefined ? 'x-token-auth' : 'x-bitbucket-api-token-auth';
}

const pageSchema = z.object({
  values: z.array(repositorySchema),
  next: z.string().optional(),
  size: z.number().optional(),
});

function createListing(
  api: Api,
  { workspace, project }: BitbucketCloudSettings,
  sort: string,
  toRepository: (found: CloudRepository) => HostRepository,
): Listing<string> {
  const toPath = (parameters: Readonly<Record<string, string>>) => {
    const query = new URLSearchParams(parameters);
    if (project !== undefined) query.set('q', `project.key="${project}"`);
    return `/repositories/${encodeURIComponent(workspace)}?${query}`;
  };
  const toError = (status: number) =>
    status === 404 ? ownerNotFound(api.name, `workspace "${workspace}"`) : undefined;
  const request = { ...toRead(pageSchema, needsToRead), toError };
  return {
    name: api.name,
    async readPage(cursor) {
      const { body } = await api.ask({ ...request, path: cursor ?? toPath({ pagelen: '100', sort }) });
      return { items: body.values.map(toRepository), births: body.values.map(toBirth), next: body.next };
    },
    async readCount() {
      const { body } = await api.ask({ ...request, path: toPath({ pagelen: '1', sort: '-created_on' }) });
      const { size: total, values } = body;
      return total === undefined ? undefined : { total, newest: values.map(toBirth)[0] };
    },
  };
}

function toBirth({ created_on: time }: CloudRepository): number {
  return toTime(time)?.getTime() ?? 0;
}

function toHostRepository(
  host: string,
  { authority, base }: { readonly authority: string; readonly base: string },
  found: CloudRepository,
): HostRepository {
  const [owner = '', name = found.slug] = found.full_name.split('/');
  const href = found.links.clone?.find((link) => link.name === 'https')?.href ?? '';
  const url = toCloneUrl(href, base);
  if (url === undefined) throw unusableUrl(host, found.full_name, href);
  return {
    identity: toIdentity(authority, found.uuid.replace(/[{}]/g, '')),
    owner,
    name,
    url,
    description: found.description ?? '',
    isPrivate: found.is_private,
    isArchived: false,
    isFork: found.parent !== undefined && found.parent !== null,
    isBeingDeleted: false,
    changedAt: toTime(found.updated_on),
    bytes: found.size,
  };
}

async function create(
  api: Api,
  { workspace, project }: BitbucketCloudSettings,
  wanted: NewRepository,
): Promise<CloudRepository> {
  const slug = wanted.name.toLowerCase();
  const { body: made } = await api.ask({
    method: 'POST',
    path: `/repositories/${encodeURIComponent(workspace)}/${encodeURIComponent(slug)}`,
    body: {
      scm: 'git',
      name: wanted.name,
      description: wanted.description,
      is_private: true,
      fork_policy: 'no_public_forks',
      ...(project !== undefined && { project: { key: project } }),
    },
    schema: repositorySchema,
    needs: needsToWrite,
    toError: (status, said) => toCreationError(api.name, wanted.name, workspace, status, said),
  });
  if (!made.is_private) throw notPrivate(api.name, wanted.name, 'it is public');
  return made;
}

function toCreationError(
  host: string,
  name: string,
  workspace: string,
  status: number,
  said: string,
): MirrorError | undefined {
  if (status === 404) return ownerNotFound(host, `workspace "${workspace}"`);
  if (status !== 400) return undefined;
  if (/already exists/i.test(said)) return nameTaken(host, name);
  return /limit|upgrade|plan/i.test(said) ? quotaUsedUp(host, said) : nameRefused(host, name, said);
}
