import type { StoredHook, StoredRepository } from './repositories';
import {
  type Answer,
  type Asked,
  type HostServer,
  type HostServerOptions,
  openHostServer,
  readBasic,
  readBearer,
  slicePage,
  toLinks,
} from './server';
import { answerHooks } from './storedHooks';

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
  /** Projects that are allowed; more are refused. */
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

const refuse = (status: number, message: unknown): Answer => ({ status, body: { message } });
const notFound = (what: string) => refuse(404, `404 ${what} Not Found`);

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
  const perPage = Math.min(Number(searchParams.get('per_page') ?? 20), server.pageSize);
  const page = Number(searchParams.get('page') ?? 1);
  const sign = (searchParams.get('sort') ?? 'desc') === 'desc' ? -1 : 1;
  const isById = searchParams.get('order_by') === 'id';
  const toKey = (each: StoredRepository) => (isById ? each.id : each.changedAt.getTime());
  const all = server.repositories.all
    .filter(isIn)
    .sort((one, other) => sign * (toKey(one) - toKey(other) || one.id - other.id));
  const pages = Math.ceil(all.length / perPage);
  const counts = { 'X-Total': String(all.length), 'X-Total-Pages': String(pages) };
  return {
    status: 200,
    body: slicePage(all, page, perPage).map((each) => toJson(server, each)),
    headers: {
      'X-Page': String(page),
      'X-Per-Page': String(perPage),
      ...(all.length <= server.countsUpTo ? counts : {}),
      ...toLinks(url, page, pages),
    },
  };
}

function answerCreation(server: GitlabServer, { body = {} }: Asked): Answer {
  const { name, path, namespace_id: namespace, description, visibility = 'public' } = body;
  const [owner] = [...server.groups, ...server.users].find(([, id]) => id === namespace) ?? [];
  if (owner === undefined) return refuse(400, { namespace: ['is not valid'] });
  if (server.repositories.all.length >= server.projectLimit)
    return refuse(400, {
      limit_reached: ['Your project limit is 100000 projects! Please contact your administrator'],
    });
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

function answerGitlabHooks(server: GitlabServer, asked: Asked, hooks: StoredHook[], id: string): Answer {
  return answerHooks(asked, hooks, id, {
    notFound: refuse(404, '404 Not found'),
    toJson: ({ id: number, isActive, body }) => {
      const { token, signing_token: signing, ...shown } = body;
      return {
        id: number,
        ...shown,
        alert_status: isActive ? 'executable' : 'disabled',
        token_present: token !== undefined,
        ...(server.signs && { signing_token_present: signing !== undefined }),
      };
    },
    toList: (rows) => {
      const page = Number(asked.url.searchParams.get('page') ?? 1);
      const perPage = Math.min(Number(asked.url.searchParams.get('per_page') ?? 20), server.pageSize);
      const headers = toLinks(asked.url, page, Math.ceil(rows.length / perPage));
      return { status: 200, body: slicePage(rows, page, perPage), headers };
    },
  });
}

function toJson(server: GitlabServer, each: StoredRepository) {
  const path = `${each.owner}/${each.name}`;
  return {
    id: each.id,
    name: each.name,
    path: each.name,
    path_with_namespace: path,
    description: each.description === '' ? null : each.description,
    default_branch: 'main',
    visibility: each.isPrivate ? 'private' : 'public',
    archived: each.isArchived,
    empty_repo: false,
    ...(each.isFork && { forked_from_project: { id: 1, path_with_namespace: 'other/origin' } }),
    marked_for_deletion_on: each.isBeingDeleted ? '2026-12-01' : null,
    http_url_to_repo: `${server.url}/${path}.git`,
    ssh_url_to_repo: `git@127.0.0.1:${path}.git`,
    created_at: each.createdAt.toISOString(),
    last_activity_at: each.createdAt.toISOString(),
    updated_at: each.changedAt.toISOString(),
  };
}
