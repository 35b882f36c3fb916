import { answerGitlabHooks, notFound, refuse, toJson, toLimitReached } from './gitlabAnswers';
import { toPage } from './pages';
import type { StoredHook, StoredRepository } from './repositories';
import {
  type Answer,
  type Asked,
  type HostServer,
  type HostServerOptions,
  openHostServer,
  readBasic,
  readBearer,
} from './server';

/** A GitLab of one's own. */
export interface GitlabServer extends HostServer {
  /** Groups by their full paths, and users by their names; each with the id of its namespace. */
  readonly groups: Map<string, number>;
  readonly users: Map<string, number>;
  readonly groupHooks: Map<string, StoredHook[]>;
  /** GitLab counts rows up to 10,000; set it lower to see a list without a count. */
  countsUpTo: number;
  /** Before 19.0 a webhook has no signing token. */
  signs: boolean;
  /** Of every user: projects that its own namespace may have. */
  projectLimit: number;
}

/** Opens GitLab's REST API v4 of our own, by its published schemas, with the groups acme and acme/tools and the user ada. */
export async function openGitlabServer(options: HostServerOptions = {}): Promise<GitlabServer> {
  const own = {
    groups: new Map([
      ['acme', 71],
      ['acme/tools', 72],
    ]),
    users: new Map([['ada', 81]]),
    groupHooks: new Map<string, StoredHook[]>(),
    countsUpTo: 10_000,
    signs: true,
    projectLimit: 100_000,
  };
  const opened = await openHostServer(options, (server) => ({
    readToken: (headers) => readBearer(headers) ?? toText(headers['private-token']),
    toError: (status, message) => ({ message: `${status} ${message}` }),
    answer: (asked) => decide(gitlab, asked),
    parseGitPath(pathname) {
      const [, owner, name, rest] =
        /^\/(.+)\/([^/]+?)\.git(\/(?:info\/refs|git-[a-z-]+))$/.exec(pathname) ?? [];
      return owner && name && rest ? { owner, name, rest } : undefined;
    },
    isLogin(headers) {
      const login = readBasic(headers);
      const token = server.tokens.get(login?.password ?? '');
      return login?.user !== '' && token !== undefined && token.isExpired !== true;
    },
  }));
  const gitlab: GitlabServer = Object.assign(opened, own);
  return gitlab;
}

function toText(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : undefined;
}

function decide(server: GitlabServer, asked: Asked): Answer {
  const { token, method } = asked;
  const expired = {
    error: 'invalid_token',
    error_description: 'Token is expired. You can either do re-authorization or token refresh.',
  };
  if (token?.isExpired === true) return { status: 401, body: expired };
  if (token === undefined) return refuse(401, '401 Unauthorized');
  const isRead = method === 'GET' && token.scopes.includes('read_api');
  if (!isRead && !token.scopes.includes('api'))
    return {
      status: 403,
      body: {
        error: 'insufficient_scope',
        error_description: 'The request requires higher privileges than provided by the access token.',
        scope: method === 'GET' ? 'api read_api' : 'api',
      },
    };
  return answerPath(server, asked);
}

function answerPath(server: GitlabServer, asked: Asked): Answer {
  const { url, method } = asked;
  const [, kind = '', id = '', rest = ''] =
    /^\/api\/v4\/([^/]+)(?:\/([^/]+))?(?:\/(.+))?$/.exec(url.pathname) ?? [];
  const name = decodeURIComponent(id);
  if (kind === 'user') return answerUser(server, asked);
  if (kind === 'namespaces') return answerNamespace(server, name);
  if (kind === 'groups' && rest === 'projects') return answerGroup(server, asked, name);
  if (kind === 'groups' && rest.startsWith('hooks')) {
    const hooks = server.groupHooks.get(name) ?? [];
    server.groupHooks.set(name, hooks);
    return answerGitlabHooks(server, asked, hooks, rest.slice(6));
  }
  if (kind === 'users' && rest === 'projects')
    return server.users.has(name)
      ? answerList(server, asked, ({ owner }) => owner === name)
      : notFound('User');
  if (kind === 'projects' && id === '' && method === 'POST') return answerCreation(server, asked);
  return kind === 'projects' ? answerProject(server, asked, name, rest) : refuse(404, '404 Not Found');
}

function answerUser({ users, projectLimit }: GitlabServer, { token }: Asked): Answer {
  const username = token?.user ?? '';
  const id = users.get(username) ?? 1;
  return {
    status: 200,
    body: { id, username, name: username, state: 'active', projects_limit: projectLimit },
  };
}

function answerNamespace(server: GitlabServer, path: string): Answer {
  const id = server.groups.get(path) ?? server.users.get(path);
  if (id === undefined) return notFound('Namespace');
  return { status: 200, body: { id, full_path: path, kind: server.groups.has(path) ? 'group' : 'user' } };
}

/** By default without the projects of subgroups. */
function answerGroup(server: GitlabServer, asked: Asked, group: string): Answer {
  if (!server.groups.has(group)) return notFound('Group');
  const isDeep = asked.url.searchParams.get('include_subgroups') === 'true';
  const isShared = asked.url.searchParams.get('with_shared') !== 'false';
  return answerList(server, asked, ({ owner, project }) => {
    if (isShared && project === `shared with ${group}`) return true;
    return owner === group || (isDeep && owner.startsWith(`${group}/`));
  });
}

function answerList(server: GitlabServer, { url }: Asked, isIn: (each: StoredRepository) => boolean): Answer {
  const { searchParams } = url;
  const sign = (searchParams.get('sort') ?? 'desc') === 'desc' ? -1 : 1;
  const isById = searchParams.get('order_by') === 'id';
  const toKey = (each: StoredRepository) => (isById ? each.id : each.changedAt.getTime());
  const all = server.repositories.all
    .filter(isIn)
    .sort((one, other) => sign * (toKey(one) - toKey(other) || one.id - other.id));
  const { rows, page, perPage, pages, links } = toPage(all, url, { usual: 20, most: server.pageSize });
  const counts = { 'X-Total': String(all.length), 'X-Total-Pages': String(pages) };
  return {
    status: 200,
    body: rows.map((each) => toJson(server, each)),
    headers: {
      'X-Page': String(page),
      'X-Per-Page': String(perPage),
      ...(all.length <= server.countsUpTo ? counts : {}),
      ...links,
    },
  };
}

function answerCreation(server: GitlabServer, asked: Asked): Answer {
  const { name, path, namespace_id: namespace, description, visibility = 'public' } = asked.body ?? {};
  const named = [...server.groups, ...server.users].find(([, id]) => id === namespace)?.[0];
  const owner = namespace === undefined ? asked.token?.user : named;
  const isOverLimit = owner !== undefined && !server.groups.has(owner) && lacksRoom(server, asked);
  // Whoever may not create in a namespace that is named is told no more than this.
  if (owner === undefined || (isOverLimit && namespace !== undefined))
    return refuse(400, { namespace: ['is not valid'] });
  if (isOverLimit) return { status: 403, body: { error: [toLimitReached(server.projectLimit)] } };
  if (typeof path !== 'string' || !/^[\w.][\w.-]*(?<!\.git|\.atom|\.)$/.test(path))
    return refuse(400, {
      path: [
        "can contain only letters, digits, '_', '-' and '.'. Cannot start with '-', end in '.git' or end in '.atom'",
      ],
    });
  if (server.repositories.find(owner, path) !== undefined)
    return refuse(400, { name: ['has already been taken'], path: ['has already been taken'] });
  if (typeof name !== 'string') return refuse(400, 'name is missing');
  const isPrivate = visibility === 'private';
  const made = server.repositories.add({
    owner,
    name: path,
    description: String(description ?? ''),
    isPrivate,
  });
  return { status: 201, body: toJson(server, made) };
}

/** What counts are the projects in the own namespace of whoever asks. */
function lacksRoom({ repositories, projectLimit }: GitlabServer, { token }: Asked): boolean {
  return repositories.all.filter(({ owner }) => owner === token?.user).length >= projectLimit;
}

function answerProject(server: GitlabServer, asked: Asked, id: string, rest: string): Answer {
  const { repositories } = server;
  const [owner, name] = [id.slice(0, id.lastIndexOf('/')), id.slice(id.lastIndexOf('/') + 1)];
  const isNumber = /^\d+$/.test(id);
  const repository = isNumber
    ? repositories.all.find((each) => each.id === Number(id))
    : repositories.find(owner, name);
  const moved = isNumber ? undefined : repositories.findMoved(owner, name);
  if (repository === undefined && moved !== undefined) {
    const location = `${server.url}/api/v4/projects/${moved.id}`;
    return {
      status: 301,
      body: { message: 'This resource has been moved permanently' },
      headers: { Location: location },
    };
  }
  if (repository === undefined) return notFound('Project');
  if (rest.startsWith('hooks')) return answerGitlabHooks(server, asked, repository.hooks, rest.slice(6));
  if (asked.method === 'PUT')
    repository.description = String(asked.body?.['description'] ?? repository.description);
  return { status: 200, body: toJson(server, repository) };
}
