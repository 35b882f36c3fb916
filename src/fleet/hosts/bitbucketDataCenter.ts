import * as z from 'zod';
import type { MirrorError } from '../../errors';
import { cutEndSlashes } from '../../http/endSlashes';
import { type Api, createApi, toRead, toWrite } from './api/api';
import { type Listing, listWhole } from './api/paging';
import type { HostContext } from './api/settings';
import { bitbucketDataCenterDialect, toAuthorization } from './bitbucketDialects';
import { createOnce } from './create';
import { nameRefused, nameTaken, notPrivate, ownerNotFound, unusableUrl } from './errors';
import {
  type GitLogin,
  type Host,
  type NewRepository,
  parseIdentity,
  type TokenReader,
  toAuthority,
  toCloneUrl,
  toIdentity,
} from './host';
import type { HostRepository } from './repository';
import { createBitbucketDataCenterHooks } from './webhooks/bitbucketDataCenterHooks';

export interface BitbucketDataCenterSettings {
  /** Of the web pages: `https://git.example.com/bitbucket`. */
  readonly url: string;
  /** The key of a project; `~user` for the repositories of a user. */
  readonly project: string;
  /** A user name makes the token a password, for servers without HTTP access tokens. */
  readonly user?: string | undefined;
  readonly readToken: TokenReader;
}

const projectSchema = z.object({ key: z.string(), public: z.boolean().optional() });

const repositorySchema = z.object({
  id: z.number(),
  slug: z.string(),
  project: projectSchema,
  description: z.string().nullish(),
  public: z.boolean().optional(),
  archived: z.boolean().optional(),
  origin: z.unknown().optional(),
  links: z.object({ clone: z.array(z.object({ name: z.string(), href: z.string() })).optional() }).optional(),
});

type ServerRepository = z.infer<typeof repositorySchema>;

/** The column of the database has 255 characters. */
const descriptionAtMost = 255;
const needsToRead = 'the permission "Repository read" in the project';
const needsToWrite = 'the permission "Project admin" (or "Repository create")';

/** Opens a project of a Bitbucket Data Center or Server. It knows no time of change and no size. */
export function openBitbucketDataCenter(settings: BitbucketDataCenterSettings, context: HostContext): Host {
  const { project, user, readToken } = settings;
  const url = cutEndSlashes(settings.url);
  const authority = toAuthority(url);
  const api = openApi(settings, url, context);
  const toRepository = (found: ServerRepository) => toHostRepository(api.name, { authority, url }, found);
  /** Where a repository was seen last, by its identity. */
  const seen = new Map<string, string>();
  const note = (repository: HostRepository) => {
    seen.set(repository.identity, toPath(repository.owner, repository.name));
    return repository;
  };
  const read = async (path: string) => {
    const reply = await api.askIfThere({ ...toRead(repositorySchema, needsToRead), path });
    return reply && note(toRepository(reply.body));
  };
  const all = (path: string) => createListing(api, path, project, (found) => note(toRepository(found)));
  const findByName = async (wanted: string) => {
    const found = await read(toPath(project, wanted.toLowerCase()));
    const isIt = found?.name.toLowerCase() === wanted.toLowerCase();
    return isIt && found.owner.toLowerCase() === project.toLowerCase() ? found : undefined;
  };
  const post = async (wanted: NewRepository) => note(toRepository(await create(api, project, wanted)));
  return {
    kind: 'bitbucket-datacenter',
    authority,
    descriptionAtMost,
    hooks: createBitbucketDataCenterHooks(api, project),
    // The host knows no order by time.
    list: () => listWhole(all(`/projects/${encodeURIComponent(project)}/repos?`)),
    /** The API has no call by id: by the name that it had last, else among all that the token sees. */
    async find(identity) {
      parseIdentity(identity, authority);
      const path = seen.get(identity);
      const there = path === undefined ? undefined : await read(path);
      if (there?.identity === identity) return there;
      return await findAmong(listWhole(all('/repos?archived=ALL&')), identity);
    },
    findByName,
    create: (wanted) => createOnce({ post, findByName }, wanted),
    async describe({ owner, name: slug }, description) {
      const body = { description };
      await api.ask(toWrite('PUT', toPath(owner, slug), needsToWrite, body));
    },
    login: async () => toLogin(await readToken(), user),
  };
}

function openApi({ user, readToken }: BitbucketDataCenterSettings, url: string, context: HostContext): Api {
  const authority = toAuthority(url);
  const name = `Bitbucket Data Center (${authority})`;
  const authorize = async () => ({ Authorization: toAuthorization(await readToken(), user) });
  const dialect = bitbucketDataCenterDialect;
  return createApi({ name, authority, base: `${url}/rest/api/latest`, dialect, authorize }, context);
}

/** Tokens of a project or a repository belong to no user: Basic would be refused. */
function toLogin(token: string, user: string | undefined): GitLogin {
  return user === undefined
    ? { kind: 'bearer', token }
    : { kind: 'password', username: user, password: token };
}

function toPath(project: string, slug: string): string {
  return `/projects/${encodeURIComponent(project)}/repos/${encodeURIComponent(slug)}`;
}

async function findAmong(
  pages: AsyncIterable<readonly HostRepository[]>,
  identity: string,
): Promise<HostRepository | undefined> {
  for await (const page of pages) {
    const found = page.find((repository) => repository.identity === identity);
    if (found !== undefined) return found;
  }
  return undefined;
}

const pageSchema = z.object({
  values: z.array(repositorySchema),
  isLastPage: z.boolean(),
  nextPageStart: z.number().nullish(),
});

/** `path` is that of the list, with a query begun. The server may give fewer rows a page than the 1,000 asked for. */
function createListing(
  api: Api,
  path: string,
  project: string,
  toRepository: (found: ServerRepository) => HostRepository,
): Listing<number> {
  return {
    name: api.name,
    async readPage(start = 0) {
      const { body } = await api.ask({
        ...toRead(pageSchema, needsToRead),
        path: `${path}start=${start}&limit=1000`,
        toError: (status) => (status === 404 ? ownerNotFound(api.name, `project "${project}"`) : undefined),
      });
      const next = body.isLastPage ? undefined : (body.nextPageStart ?? start + body.values.length);
      return { items: body.values.map(toRepository), next };
    },
  };
}

function toHostRepository(
  host: string,
  { authority, url }: { readonly authority: string; readonly url: string },
  found: ServerRepository,
): HostRepository {
  const { project, slug } = found;
  const isPublic = found.public === true || project.public === true;
  const fallback = `${url}/scm/${project.key.toLowerCase()}/${slug}.git`;
  const href = found.links?.clone?.find(({ name }) => /^https?$/.test(name))?.href ?? fallback;
  const cloneUrl = toCloneUrl(href, url);
  if (cloneUrl === undefined) throw unusableUrl(host, slug, href);
  return {
    identity: toIdentity(authority, found.id),
    owner: project.key,
    name: slug,
    url: cloneUrl,
    description: found.description ?? '',
    isPrivate: !isPublic,
    isArchived: found.archived ?? false,
    isFork: found.origin !== undefined && found.origin !== null,
    isBeingDeleted: false,
    changedAt: undefined,
    bytes: undefined,
  };
}

async function create(api: Api, project: string, wanted: NewRepository): Promise<ServerRepository> {
  const toOwnerError = (status: number) =>
    status === 404 ? ownerNotFound(api.name, `project "${project}"`) : undefined;
  const path = `/projects/${encodeURIComponent(project)}`;
  const place = { path, needs: needsToRead, toError: toOwnerError };
  const { body: parent } = await api.ask({ method: 'GET', ...place, schema: projectSchema });
  // Whatever is in a public project can be read by anybody.
  if (parent.public === true) throw notPrivate(api.name, wanted.name, `the project "${project}" is public`);
  const { body: made } = await api.ask({
    method: 'POST',
    path: `${path}/repos`,
    body: {
      name: wanted.name,
      scmId: 'git',
      description: wanted.description,
      forkable: false,
      public: false,
    },
    schema: repositorySchema,
    needs: needsToWrite,
    toError: (status, said) => toCreationError(api.name, wanted.name, status, said) ?? toOwnerError(status),
  });
  if (made.public === true) throw notPrivate(api.name, wanted.name, 'it is public');
  return made;
}

function toCreationError(host: string, name: string, status: number, said: string): MirrorError | undefined {
  if (status === 409) return nameTaken(host, name);
  return status === 400 ? nameRefused(host, name, said) : undefined;
}
