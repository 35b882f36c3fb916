import * as z from 'zod';
import type { MirrorError } from '../../errors';
import { cutEndSlashes } from '../../http/endSlashes';
import { type Api, createApi, toRead, toWrite } from './api/api';
import { readLink, readNumber } from './api/limits';
import { type Listing, listNewest, listWhole } from './api/paging';
import type { HostContext } from './api/settings';
import { createOnce } from './create';
import { nameRefused, nameTaken, notPrivate, ownerNotFound, quotaUsedUp, unusableUrl } from './errors';
import { gitlabDialect } from './gitlabDialect';
import type { GitlabSettings } from './gitlabSettings';
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
import { createGitlabHooks } from './webhooks/gitlabHooks';

const projectSchema = z.object({
  id: z.number(),
  path: z.string(),
  path_with_namespace: z.string(),
  http_url_to_repo: z.string(),
  description: z.string().nullish(),
  visibility: z.string().optional(),
  archived: z.boolean().optional(),
  forked_from_project: z.unknown().optional(),
  last_activity_at: z.string().nullish(),
  updated_at: z.string().nullish(),
  marked_for_deletion_on: z.string().nullish(),
  marked_for_deletion_at: z.string().nullish(),
  statistics: z.object({ repository_size: z.number() }).optional(),
});

type Project = z.infer<typeof projectSchema>;

/** "Description is too long (maximum is 2000 characters)". */
const descriptionAtMost = 2_000;
const needsToRead = 'the scopes "read_api" and "read_repository"';
const needsToWrite = 'the scope "api" and the role Maintainer or Owner in the group';

/** Opens a group or a user of gitlab.com or of a GitLab of one's own. */
export function openGitlab(
  { url = 'https://gitlab.com', owner, readToken }: GitlabSettings,
  context: HostContext,
): Host {
  const authority = toAuthority(url);
  const name = `GitLab (${authority})`;
  const base = `${cutEndSlashes(url)}/api/v4`;
  const authorize = async () => ({ Authorization: `Bearer ${await readToken()}` });
  const api = createApi({ name, authority, base, dialect: gitlabDialect, authorize }, context);
  const namespace = 'group' in owner ? owner.group : owner.user;
  const toRepository = (found: Project) => toHostRepository(api.name, { authority, base }, found);
  const read = async (path: string) => {
    const reply = await api.askIfThere({ ...toRead(projectSchema, needsToRead), path });
    return reply && toRepository(reply.body);
  };
  const findByName = async (wanted: string) => {
    const full = `${namespace}/${wanted}`;
    const found = await read(`/projects/${encodeURIComponent(full)}`);
    // After a rename GitLab leads from the old path to the new one.
    const isIt = found && `${found.owner}/${found.name}`.toLowerCase() === full.toLowerCase();
    return isIt ? found : undefined;
  };
  const post = async (wanted: NewRepository) => toRepository(await create(api, owner, wanted));
  const quota =
    'user' in owner ? { readAllowed: () => readAllowed(api, owner.user), ...quotaTexts } : undefined;
  return {
    kind: 'gitlab',
    authority,
    descriptionAtMost,
    hooks: createGitlabHooks(api, authority, owner),
    async *list({ newestFirst = false } = {}) {
      const order = newestFirst ? 'order_by=updated_at&sort=desc' : 'order_by=id&sort=asc';
      const listing = createListing(api, owner, order, toRepository);
      yield* newestFirst ? listNewest(listing) : listWhole(listing);
    },
    find: async (identity) => await read(`/projects/${parseIdentity(identity, authority)}`),
    findByName,
    create: (wanted) => createOnce({ post, findByName }, wanted),
    ...(quota && { quota }),
    async describe({ identity }, description) {
      const body = { description };
      await api.ask(toWrite('PUT', `/projects/${parseIdentity(identity, authority)}`, needsToWrite, body));
    },
    // GitLab takes any user name beside a token; this is the one of its own pages.
    login: async () => ({ kind: 'password', username: 'oauth2', password: await readToken() }),
  };
}

function createListing(
  api: Api,
  owner: GitlabSettings['owner'],
  order: string,
  toRepository: (found: Project) => HostRepository,
): Listing<string> {
  // By default a group's list lacks its subgroups and holds projects that are merely shared with it.
  const path =
    'group' in owner
      ? `/groups/${encodeURIComponent(owner.group)}/projects?include_subgroups=true&with_shared=false`
      : `/users/${encodeURIComponent(owner.user)}/projects?simple=false`;
  const called = 'group' in owner ? `group "${owner.group}"` : `user "${owner.user}"`;
  const toError = (status: number) => (status === 404 ? ownerNotFound(api.name, called) : undefined);
  const request = { ...toRead(z.array(projectSchema), needsToRead), toError };
  return {
    name: api.name,
    async readPage(cursor) {
      const { body, headers } = await api.ask({
        ...request,
        path: cursor ?? `${path}&${order}&per_page=100`,
      });
      const births = body.map(({ id }) => id);
      return { items: body.map(toRepository), births, next: readLink(headers, 'next') };
    },
    /** Above 10,000 rows GitLab does not count. */
    async readCount() {
      const { body, headers } = await api.ask({
        ...request,
        path: `${path}&order_by=id&sort=desc&per_page=1`,
      });
      const total = readNumber(headers, 'x-total');
      return total === undefined ? undefined : { total, newest: body[0]?.id };
    },
  };
}

function toHostRepository(
  host: string,
  { authority, base }: { readonly authority: string; readonly base: string },
  found: Project,
): HostRepository {
  const times = [found.last_activity_at, found.updated_at].flatMap((text) => toTime(text)?.getTime() ?? []);
  const url = toCloneUrl(found.http_url_to_repo, base);
  if (url === undefined) throw unusableUrl(host, found.path_with_namespace, found.http_url_to_repo);
  return {
    identity: toIdentity(authority, found.id),
    owner: found.path_with_namespace.split('/').slice(0, -1).join('/'),
    name: found.path,
    url,
    description: found.description ?? '',
    isPrivate: found.visibility === 'private',
    isArchived: found.archived ?? false,
    isFork: found.forked_from_project !== undefined && found.forked_from_project !== null,
    isBeingDeleted: Boolean(found.marked_for_deletion_on ?? found.marked_for_deletion_at),
    // Each is moved by a push only once in a while: updated_at in 5 minutes, last_activity_at in an hour.
    changedAt: times.length === 0 ? undefined : new Date(Math.max(...times)),
    bytes: found.statistics?.repository_size,
  };
}

const userSchema = z.object({ username: z.string(), projects_limit: z.number().optional() });

/** The user of the token, if that is `name`. */
async function readOwnUser(api: Api, name: string) {
  const { body } = await api.ask({ ...toRead(userSchema, needsToRead), path: '/user' });
  return body.username.toLowerCase() === name.toLowerCase() ? body : undefined;
}

const quotaTexts = {
  untold: 'as GitLab says it to a token of that user only',
  raise: 'Ask an administrator of GitLab to raise the "Projects limit" of the user',
};

/** A user's `projects_limit` bounds the projects in the user's own namespace; those in groups do not count. */
async function readAllowed(api: Api, user: string): Promise<number | undefined> {
  return (await readOwnUser(api, user))?.projects_limit;
}

const namespaceSchema = z.object({ id: z.number() });

async function create(api: Api, owner: GitlabSettings['owner'], wanted: NewRepository): Promise<Project> {
  const { body: made } = await api.ask({
    method: 'POST',
    path: '/projects',
    body: {
      name: wanted.name,
      path: wanted.name,
      description: wanted.description,
      visibility: 'private',
      initialize_with_readme: false,
      ...(await readNamespace(api, owner)),
    },
    schema: projectSchema,
    needs: needsToWrite,
    toError: (status, said) => toCreationError(api.name, wanted.name, status, said),
  });
  if (made.visibility !== 'private') throw notPrivate(api.name, wanted.name, `it is ${made.visibility}`);
  return made;
}

/**
 * Where to create. The namespace of a group has the group's id; that of a user has its own. The one of the token's user
 * is not named: over the limit of projects, GitLab would only say that it "is not valid".
 */
async function readNamespace(api: Api, owner: GitlabSettings['owner']): Promise<{ namespace_id?: number }> {
  const path = 'group' in owner ? owner.group : owner.user;
  if ('user' in owner && (await readOwnUser(api, path)) !== undefined) return {};
  const { body } = await api.ask({
    method: 'GET',
    path: `/namespaces/${encodeURIComponent(path)}`,
    schema: namespaceSchema,
    needs: needsToRead,
    toError: (status) => (status === 404 ? ownerNotFound(api.name, `namespace "${path}"`) : undefined),
  });
  return { namespace_id: body.id };
}

function toCreationError(host: string, name: string, status: number, said: string): MirrorError | undefined {
  // The second one is what GitLab says for a limit of 0.
  if (/your (project )?limit|in your personal namespace/i.test(said)) return quotaUsedUp(host, said);
  if (status !== 400 && status !== 409 && status !== 422) return undefined;
  return /already been taken/.test(said) ? nameTaken(host, name) : nameRefused(host, name, said);
}
