import { answerGithubHooks, lacks, notFound, refuse, toJson } from './githubAnswers';
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

/** GitHub as an Enterprise Server has it: the API below /api/v3. */
export interface GithubServer extends HostServer {
  /** Owners and what they are. */
  readonly owners: Map<string, 'Organization' | 'User'>;
  /** Webhooks of organisations, by their names. */
  readonly organisationHooks: Map<string, StoredHook[]>;
  /** Requests that are left of this hour. */
  remaining: number;
}

/** Opens GitHub's REST API of our own, by its published schemas, with the organisation acme and the user ada. */
export async function openGithubServer(options: HostServerOptions = {}): Promise<GithubServer> {
  const owners: GithubServer['owners'] = new Map([
    ['acme', 'Organization'],
    ['ada', 'User'],
  ]);
  const own = { owners, organisationHooks: new Map<string, StoredHook[]>(), remaining: 5_000 };
  const opened = await openHostServer(options, (server) => ({
    readToken: readBearer,
    toError: (_status, message) => ({ message, documentation_url: 'https://docs.github.com/rest' }),
    answer(asked) {
      github.remaining -= 1;
      const answer = decide(github, asked);
      const limits = {
        'X-RateLimit-Limit': '5000',
        'X-RateLimit-Remaining': String(Math.max(0, github.remaining)),
        'X-RateLimit-Reset': String(Math.floor(Date.now() / 1_000) + 1_800),
        'X-OAuth-Scopes': asked.token?.scopes.join(', ') ?? '',
      };
      return { ...answer, headers: { ...limits, ...answer.headers } };
    },
    parseGitPath(pathname) {
      const [, owner, name, rest] =
        /^\/([^/]+)\/([^/]+?)(?:\.git)?(\/(?:info\/refs|git-[a-z-]+))$/.exec(pathname) ?? [];
      return owner && name && rest ? { owner, name, rest } : undefined;
    },
    isLogin(headers) {
      const token = server.tokens.get(readBasic(headers)?.password ?? '');
      return token !== undefined && token.isExpired !== true;
    },
  }));
  const github: GithubServer = Object.assign(opened, own);
  return github;
}

function decide(server: GithubServer, asked: Asked): Answer {
  const { token, url } = asked;
  if (token === undefined || token.isExpired === true) return refuse(401, 'Bad credentials');
  const path = url.pathname.replace(/^\/api\/v3/, '');
  if (path === url.pathname) return notFound;
  if (token.sso === 'required') {
    const message = 'Resource protected by organization SAML enforcement. You must grant your token access.';
    const sso = 'required; url=https://github.com/orgs/acme/sso?authorization_request=AAA';
    return refuse(403, message, { headers: { 'X-GitHub-SSO': sso } });
  }
  return path.startsWith('/user/') || path === '/user'
    ? answerUser(server, asked, token.user, path)
    : answerPath(server, asked, path);
}

function answerUser(server: GithubServer, asked: Asked, login: string, path: string): Answer {
  if (path === '/user') return { status: 200, body: { login, id: 2, type: 'User' } };
  if (path !== '/user/repos') return notFound;
  if (asked.method === 'POST') return answerCreation(server, asked, login);
  return answerList(server, asked, ({ owner }) => owner === login);
}

function answerPath(server: GithubServer, asked: Asked, path: string): Answer {
  const [, kind = '', first = '', second = '', third = ''] =
    /^\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?(?:\/(.+))?$/.exec(path) ?? [];
  switch (kind) {
    case 'users':
      if (second === '') return answerOwner(server, decodeURIComponent(first));
      return answerList(server, asked, ({ owner, isPrivate }) => owner === first && !isPrivate);
    case 'orgs':
      return answerOrganisation(server, asked, [first, second, third]);
    case 'installation':
      return answerInstallation(server, asked);
    case 'repositories': {
      const repository = server.repositories.all.find(({ id }) => id === Number(first));
      return repository === undefined ? notFound : { status: 200, body: toJson(server, repository) };
    }
    case 'repos':
      return answerRepository(server, asked, [first, second, third]);
    default:
      return notFound;
  }
}

function answerOrganisation(
  server: GithubServer,
  asked: Asked,
  [owner, below, id]: readonly [string, string, string],
): Answer {
  if (below === 'hooks') return answerOrganisationHooks(server, asked, owner, id);
  if (below !== 'repos') return notFound;
  if (asked.method === 'POST') return answerCreation(server, asked, owner);
  return answerList(server, asked, (each) => each.owner === owner);
}

function answerOwner(server: GithubServer, name: string): Answer {
  const type = server.owners.get(name);
  return type === undefined ? notFound : { status: 200, body: { login: name, id: 1, type } };
}

function answerList(server: GithubServer, asked: Asked, isIn: (each: StoredRepository) => boolean): Answer {
  const missing = lacks(asked, ['repo', 'read:org']);
  if (missing !== undefined) return missing;
  if (asked.url.pathname.includes('/orgs/') && !server.owners.has(asked.url.pathname.split('/')[4] ?? ''))
    return notFound;
  const { rows, links } = toRows(server, asked.url, isIn);
  const isPartial = asked.token?.sso === 'partial';
  const partial = { 'X-GitHub-SSO': 'partial-results; organizations=21955855,20582480' };
  return {
    status: 200,
    body: rows.slice(isPartial ? 1 : 0).map((each) => toJson(server, each)),
    headers: { ...links, ...(isPartial ? partial : {}) },
  };
}

function answerInstallation(server: GithubServer, asked: Asked): Answer {
  const { rows, all, links } = toRows(server, asked.url, () => true);
  return {
    status: 200,
    body: { total_count: all.length, repositories: rows.map((each) => toJson(server, each)) },
    headers: links,
  };
}

function toRows(server: GithubServer, url: URL, isIn: (each: StoredRepository) => boolean) {
  const { searchParams } = url;
  const key = searchParams.get('sort') === 'pushed' ? 'changedAt' : 'createdAt';
  const sign = searchParams.get('direction') === 'desc' ? -1 : 1;
  const all = server.repositories.all
    .filter(isIn)
    .sort((one, other) => sign * (one[key].getTime() - other[key].getTime() || one.id - other.id));
  return { ...toPage(all, url, { usual: 30, most: server.pageSize }), all };
}

function answerCreation(server: GithubServer, asked: Asked, owner: string): Answer {
  const missing = lacks(asked, ['repo']);
  if (missing !== undefined) return missing;
  if (!server.owners.has(owner)) return notFound;
  const { name, description, private: isPrivate = false } = asked.body ?? {};
  const error = (message: string) =>
    refuse(422, 'Repository creation failed.', {
      errors: [{ resource: 'Repository', code: 'custom', field: 'name', message }],
    });
  if (typeof name !== 'string' || !/^[\w.-]{1,100}$/.test(name)) return error('name is invalid');
  if (typeof description === 'string' && [...description].length > 350)
    return error('description is too long (maximum is 350 characters)');
  if (server.repositories.find(owner, name) !== undefined)
    return error('name already exists on this account');
  const made = server.repositories.add({
    owner,
    name,
    description: String(description ?? ''),
    isPrivate: isPrivate === true,
  });
  return { status: 201, body: toJson(server, made) };
}

function answerRepository(
  server: GithubServer,
  asked: Asked,
  [owner, name, rest]: readonly [string, string, string],
): Answer {
  const moved = server.repositories.findMoved(owner, name);
  const repository = server.repositories.find(owner, name);
  if (repository === undefined && moved !== undefined) {
    const location = `${server.url}/api/v3/repositories/${moved.id}`;
    const status = asked.method === 'GET' ? 301 : 307;
    return { status, body: { message: 'Moved Permanently', url: location }, headers: { Location: location } };
  }
  if (repository === undefined) return notFound;
  if (rest.startsWith('hooks'))
    return (
      lacks(asked, ['admin:repo_hook', 'repo']) ??
      answerGithubHooks(server, asked, repository.hooks, rest.slice(6))
    );
  if (asked.method === 'PATCH') {
    repository.description = String(asked.body?.['description'] ?? repository.description);
  }
  return { status: 200, body: toJson(server, repository) };
}

function answerOrganisationHooks(
  server: GithubServer,
  asked: Asked,
  organisation: string,
  id: string,
): Answer {
  const hooks = server.organisationHooks.get(organisation) ?? [];
  server.organisationHooks.set(organisation, hooks);
  return lacks(asked, ['admin:org_hook']) ?? answerGithubHooks(server, asked, hooks, id);
}
