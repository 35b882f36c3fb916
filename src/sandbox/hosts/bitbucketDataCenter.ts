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
import { answerHooks } from './storedHooks';

export interface BitbucketDataCenterServer extends HostServer {
  /** Projects by their keys, and whether anybody may read them. */
  readonly projects: Map<string, { isPublic: boolean }>;
  readonly projectHooks: Map<string, StoredHook[]>;
  /** User names and passwords; beside them every token is taken as a Bearer, and as nothing else. */
  readonly passwords: Map<string, string>;
}

/** Opens the REST API of a Bitbucket Data Center of our own, by its published schemas, with the project ACME. */
export async function openBitbucketDataCenterServer(
  options: HostServerOptions = {},
): Promise<BitbucketDataCenterServer> {
  const own = {
    projects: new Map([['ACME', { isPublic: false }]]),
    projectHooks: new Map<string, StoredHook[]>(),
    passwords: new Map<string, string>(),
  };
  const isPassword = (login: { user: string; password: string } | undefined) =>
    login !== undefined && own.passwords.get(login.user) === login.password;
  const opened = await openHostServer(options, (server) => ({
    readToken(headers) {
      const login = readBasic(headers);
      return isPassword(login) ? login?.user : readBearer(headers);
    },
    toError: (_status, message) => toErrors(message),
    answer: (asked) => decide(bitbucket, asked),
    parseGitPath(pathname) {
      const [, owner, name, rest] =
        /^\/scm\/([^/]+)\/([^/]+?)\.git(\/(?:info\/refs|git-[a-z-]+))$/.exec(pathname) ?? [];
      return owner && name && rest ? { owner, name, rest } : undefined;
    },
    isLogin(headers) {
      const token = server.tokens.get(readBearer(headers) ?? '');
      return isPassword(readBasic(headers)) || (token !== undefined && token.isExpired !== true);
    },
  }));
  const bitbucket: BitbucketDataCenterServer = Object.assign(opened, own);
  bitbucket.pageSize = 1_000;
  return bitbucket;
}

function toErrors(message: string, exceptionName = 'com.atlassian.bitbucket.ServerException') {
  return { errors: [{ context: null, message, exceptionName }] };
}

const refuse = (status: number, message: string, exception?: string): Answer => ({
  status,
  body: toErrors(message, exception),
});

function decide(server: BitbucketDataCenterServer, asked: Asked): Answer {
  const { token, url, method } = asked;
  if (token === undefined || token.isExpired === true)
    return refuse(401, 'Authentication failed. Please check your credentials and try again.');
  const [, rest, api, version, ...parts] = url.pathname.split('/').map(decodeURIComponent);
  if (rest !== 'rest' || api !== 'api' || version !== 'latest') return refuse(404, 'null for uri');
  if (parts.join('/') === 'repos') return answerAll(server, asked);
  const [kind, key = '', below, slug, ...more] = parts;
  const project = server.projects.get(key);
  if (kind !== 'projects' || project === undefined)
    return refuse(
      404,
      `Project ${key} does not exist.`,
      'com.atlassian.bitbucket.project.NoSuchProjectException',
    );
  const isAdmin = token.scopes.includes('PROJECT_ADMIN');
  if ((method !== 'GET' || below === 'webhooks' || more.length > 0) && !isAdmin)
    return refuse(
      403,
      'You are not permitted to access this resource',
      'com.atlassian.bitbucket.AuthorisationException',
    );
  return answerInProject(server, asked, { key, below, slug, more });
}

interface ProjectPath {
  readonly key: string;
  readonly below: string | undefined;
  readonly slug: string | undefined;
  readonly more: readonly string[];
}

function answerInProject(
  server: BitbucketDataCenterServer,
  asked: Asked,
  { key, below, slug, more }: ProjectPath,
): Answer {
  if (below === undefined) return { status: 200, body: toProject(server, key) };
  if (below === 'webhooks') {
    const hooks = server.projectHooks.get(key) ?? [];
    server.projectHooks.set(key, hooks);
    return answerServerHooks(server, asked, hooks, slug ?? '');
  }
  if (below === 'repos' && slug === undefined)
    return asked.method === 'POST' ? answerCreation(server, asked, key) : answerProject(server, asked, key);
  return answerRepository(server, asked, { key, slug: slug ?? '', more });
}

function toRepositoryPage(
  server: BitbucketDataCenterServer,
  { url }: Asked,
  rows: readonly StoredRepository[],
): Answer {
  const body = toPage(
    server,
    url,
    rows.map((each) => toJson(server, each)),
  );
  return { status: 200, body };
}

function answerProject(server: BitbucketDataCenterServer, asked: Asked, key: string): Answer {
  const rows = byName(server.repositories.all.filter(({ owner }) => owner === key));
  return toRepositoryPage(server, asked, rows);
}

function answerAll(server: BitbucketDataCenterServer, asked: Asked): Answer {
  const isAll = asked.url.searchParams.get('archived') === 'ALL';
  const rows = byName(server.repositories.all.filter(({ isArchived }) => isAll || !isArchived));
  return toRepositoryPage(server, asked, rows);
}

function byName(repositories: readonly StoredRepository[]): StoredRepository[] {
  return [...repositories].sort((one, other) => (one.name < other.name ? -1 : 1));
}

function toPage(server: BitbucketDataCenterServer, url: URL, rows: readonly unknown[]) {
  const limit = Math.min(Number(url.searchParams.get('limit') ?? 25), server.pageSize);
  const start = Number(url.searchParams.get('start') ?? 0);
  const values = rows.slice(start, start + limit);
  const isLastPage = start + limit >= rows.length;
  return {
    size: values.length,
    limit,
    isLastPage,
    start,
    values,
    nextPageStart: isLastPage ? null : start + limit,
  };
}

function answerCreation(server: BitbucketDataCenterServer, { body = {} }: Asked, key: string): Answer {
  const { name, description, public: isPublic = false } = body;
  if (typeof name !== 'string' || !/^[A-Za-z0-9][\w. -]{0,127}$/.test(name))
    return refuse(
      400,
      'Repository names are limited to 128 characters and must start with a letter or number.',
    );
  const slug = name.toLowerCase().replaceAll(' ', '-');
  if (server.repositories.find(key, slug) !== undefined)
    return refuse(
      409,
      'This repository URL is already taken.',
      'com.atlassian.bitbucket.DuplicateEntityException',
    );
  const made = server.repositories.add({
    owner: key,
    name: slug,
    description: String(description ?? ''),
    isPrivate: isPublic !== true,
  });
  return { status: 201, body: toJson(server, made) };
}

function answerRepository(
  server: BitbucketDataCenterServer,
  asked: Asked,
  { key, slug, more }: { key: string; slug: string; more: readonly string[] },
): Answer {
  const found = server.repositories.find(key, slug);
  if (found === undefined)
    return refuse(
      404,
      `Repository ${key}/${slug} does not exist.`,
      'com.atlassian.bitbucket.repository.NoSuchRepositoryException',
    );
  if (more[0] === 'webhooks') return answerServerHooks(server, asked, found.hooks, more[1] ?? '');
  if (asked.method === 'PUT') found.description = String(asked.body?.['description'] ?? found.description);
  return { status: 200, body: toJson(server, found) };
}

function answerServerHooks(
  server: BitbucketDataCenterServer,
  asked: Asked,
  hooks: StoredHook[],
  id: string,
): Answer {
  return answerHooks(asked, hooks, id, {
    notFound: refuse(404, 'No webhook with that id'),
    toJson: ({ id: number, isActive, body: { configuration: _secret, ...shown } }) => ({
      ...shown,
      id: number,
      active: isActive,
      configuration: {},
    }),
    toList: (rows) => ({ status: 200, body: toPage(server, asked.url, rows) }),
  });
}

function toProject(server: BitbucketDataCenterServer, key: string) {
  return { key, id: 7, name: key, public: server.projects.get(key)?.isPublic ?? false, type: 'NORMAL' };
}

function toJson(server: BitbucketDataCenterServer, each: StoredRepository) {
  const { owner, name } = each;
  return {
    slug: name,
    id: each.id,
    name,
    description: each.description === '' ? undefined : each.description,
    hierarchyId: 'e3c939f9ef4a7fae272e',
    scmId: 'git',
    state: 'AVAILABLE',
    statusMessage: 'Available',
    forkable: true,
    project: toProject(server, owner),
    public: !each.isPrivate,
    archived: each.isArchived,
    ...(each.isFork && { origin: { slug: 'origin', id: 1 } }),
    links: {
      clone: [
        { href: `ssh://git@127.0.0.1:7999/${owner.toLowerCase()}/${name}.git`, name: 'ssh' },
        { href: `${server.url}/scm/${owner.toLowerCase()}/${name}.git`, name: 'http' },
      ],
    },
  };
}
