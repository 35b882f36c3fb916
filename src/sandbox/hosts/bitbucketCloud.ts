import { slicePage } from './pages';
import type { StoredHook, StoredRepository } from './repositories';
import {
  type Answer,
  type Asked,
  type HostServer,
  type HostServerOptions,
  type HostToken,
  openHostServer,
  readBasic,
  readBearer,
} from './server';
import { answerHooks } from './storedHooks';

export interface BitbucketCloudServer extends HostServer {
  readonly workspaces: Set<string>;
  readonly workspaceHooks: Map<string, StoredHook[]>;
}

/**
 * Opens Bitbucket Cloud's REST API 2.0 of our own, by its published schemas, with the workspace acme. A token whose user
 * has an @ is an API token: Basic with that address; every other one is an access token: Bearer.
 */
export async function openBitbucketCloudServer(
  options: HostServerOptions = {},
): Promise<BitbucketCloudServer> {
  const own = { workspaces: new Set(['acme']), workspaceHooks: new Map<string, StoredHook[]>() };
  const isApiToken = (token: HostToken | undefined) => token?.user.includes('@') === true;
  const opened = await openHostServer(options, (server) => ({
    readToken(headers) {
      const basic = readBasic(headers);
      const text = basic?.password ?? readBearer(headers) ?? '';
      const token = server.tokens.get(text);
      const isRight = isApiToken(token) ? basic?.user === token?.user : basic === undefined;
      return isRight ? text : undefined;
    },
    toError: (_status, message) => toError(message),
    answer: (asked) => decide(bitbucket, asked),
    parseGitPath(pathname) {
      const [, owner, name, rest] =
        /^\/([^/]+)\/([^/]+?)(?:\.git)?(\/(?:info\/refs|git-[a-z-]+))$/.exec(pathname) ?? [];
      return owner && name && rest ? { owner, name, rest } : undefined;
    },
    isLogin(headers) {
      const login = readBasic(headers);
      const token = server.tokens.get(login?.password ?? '');
      if (token === undefined || token.isExpired === true) return false;
      return login?.user === (isApiToken(token) ? 'x-bitbucket-api-token-auth' : 'x-token-auth');
    },
  }));
  const bitbucket: BitbucketCloudServer = Object.assign(opened, own);
  return bitbucket;
}

function toError(message: string, more: Record<string, unknown> = {}) {
  return { type: 'error', error: { message, ...more } };
}

const refuse = (status: number, message: string, more: Record<string, unknown> = {}): Answer => ({
  status,
  body: toError(message, more),
});

function lacks({ token }: Asked, scope: string): Answer | undefined {
  if (token?.scopes.includes(scope) === true) return undefined;
  const detail = { required: [scope], granted: token?.scopes ?? [] };
  return refuse(403, 'Your credentials lack one or more required privilege scopes.', { detail });
}

function decide(server: BitbucketCloudServer, asked: Asked): Answer {
  const { token, url, method } = asked;
  if (token === undefined || token.isExpired === true)
    return refuse(401, 'Token is invalid, expired, or not supported for this endpoint.');
  const parts = url.pathname.split('/').map(decodeURIComponent);
  const [, version, kind, workspace = '', slug, ...rest] = parts;
  if (version !== '2.0') return refuse(404, 'Resource not found');
  if (kind === 'repositories' && workspace === '')
    return refuse(410, 'CHANGE-2770 - Functionality has been deprecated');
  if (!server.workspaces.has(workspace)) return refuse(404, `No workspace with identifier '${workspace}'.`);
  if (kind === 'workspaces' && slug === 'hooks') {
    const hooks = server.workspaceHooks.get(workspace) ?? [];
    server.workspaceHooks.set(workspace, hooks);
    return answerCloudHooks(server, asked, hooks, rest[0] ?? '');
  }
  if (kind !== 'repositories') return refuse(404, 'Resource not found');
  if (slug === undefined)
    return lacks(asked, 'read:repository:bitbucket') ?? answerList(server, asked, workspace);
  if (method === 'POST' && rest.length === 0) return answerCreation(server, asked, workspace, slug);
  return answerRepository(server, asked, { workspace, slug, rest });
}

function answerRepository(
  server: BitbucketCloudServer,
  asked: Asked,
  { workspace, slug, rest }: { workspace: string; slug: string; rest: readonly string[] },
): Answer {
  const found = server.repositories.all.find(
    (each) => each.owner === workspace && (each.name === slug || `{${each.uuid}}` === slug),
  );
  if (found === undefined)
    return refuse(404, `Repository ${workspace}/${slug} not found`, {
      detail: 'There is no API hosted at this URL.',
    });
  if (rest[0] === 'hooks') return answerCloudHooks(server, asked, found.hooks, rest[1] ?? '');
  if (asked.method === 'PUT') {
    const missing = lacks(asked, 'admin:repository:bitbucket');
    if (missing !== undefined) return missing;
    found.description = String(asked.body?.['description'] ?? found.description);
  }
  return lacks(asked, 'read:repository:bitbucket') ?? { status: 200, body: toJson(server, found) };
}

function answerList(server: BitbucketCloudServer, { url }: Asked, workspace: string): Answer {
  const sort = url.searchParams.get('sort') ?? 'created_on';
  const key = sort.endsWith('updated_on') ? 'changedAt' : 'createdAt';
  const sign = sort.startsWith('-') ? -1 : 1;
  const [, project] = /^project\.key="([^"]*)"$/.exec(url.searchParams.get('q') ?? '') ?? [];
  const all = server.repositories.all
    .filter((each) => each.owner === workspace && (project === undefined || each.project === project))
    .sort((one, other) => sign * (one[key].getTime() - other[key].getTime() || one.id - other.id));
  return {
    status: 200,
    body: toPage(
      server,
      url,
      all.map((each) => toJson(server, each)),
    ),
  };
}

/** Its pages are followed by `next`, and counted by `size`. */
function toPage(server: BitbucketCloudServer, url: URL, rows: readonly unknown[]) {
  const pagelen = Math.min(Number(url.searchParams.get('pagelen') ?? 10), server.pageSize);
  const page = Number(url.searchParams.get('page') ?? 1);
  const next = new URL(url);
  next.searchParams.set('page', String(page + 1));
  const hasNext = page * pagelen < rows.length;
  return {
    pagelen,
    page,
    size: rows.length,
    values: slicePage(rows, page, pagelen),
    ...(hasNext && { next: next.href }),
  };
}

function answerCreation(server: BitbucketCloudServer, asked: Asked, workspace: string, slug: string): Answer {
  const missing = lacks(asked, 'admin:repository:bitbucket');
  if (missing !== undefined) return missing;
  const { description, is_private: isPrivate = false, project } = asked.body ?? {};
  if (!/^[a-z0-9_.-]{1,62}$/.test(slug))
    return refuse(400, 'Bad request', { fields: { name: ['Invalid slug'] } });
  if (server.repositories.find(workspace, slug) !== undefined)
    return refuse(400, 'Repository with this Slug and Owner already exists.');
  const made = server.repositories.add({
    owner: workspace,
    name: slug,
    description: String(description ?? ''),
    isPrivate: isPrivate === true,
    project:
      typeof project === 'object' && project !== null && 'key' in project ? String(project.key) : undefined,
  });
  return { status: 200, body: toJson(server, made) };
}

function answerCloudHooks(
  server: BitbucketCloudServer,
  asked: Asked,
  hooks: StoredHook[],
  uuid: string,
): Answer {
  const verb = { GET: 'read', DELETE: 'delete' }[asked.method] ?? 'write';
  const missing = lacks(asked, `${verb}:webhook:bitbucket`);
  if (missing !== undefined) return missing;
  return answerHooks(asked, hooks, uuid, {
    notFound: refuse(404, 'Webhook not found'),
    isNamed: (hook, id) => `{${hook.uuid}}` === id,
    toJson: ({ uuid: id, isActive, body: { secret, ...shown } }) => ({
      type: 'webhook_subscription',
      ...shown,
      uuid: `{${id}}`,
      active: isActive,
      secret_set: secret !== undefined,
    }),
    toList: (rows) => ({ status: 200, body: toPage(server, asked.url, rows) }),
  });
}

function toJson(server: BitbucketCloudServer, each: StoredRepository) {
  const full = `${each.owner}/${each.name}`;
  return {
    type: 'repository',
    uuid: `{${each.uuid}}`,
    slug: each.name,
    name: each.name,
    full_name: full,
    workspace: { type: 'workspace', slug: each.owner, uuid: '{0a1b2c3d-0000-4000-8000-00000000000b}' },
    description: each.description,
    is_private: each.isPrivate,
    parent: each.isFork ? { type: 'repository', full_name: 'other/origin' } : null,
    ...(each.project !== undefined && { project: { type: 'project', key: each.project } }),
    scm: 'git',
    size: each.bytes,
    mainbranch: { type: 'branch', name: 'main' },
    created_on: each.createdAt.toISOString(),
    updated_on: each.changedAt.toISOString(),
    links: {
      clone: [
        // With a user name in it, as the real one.
        { name: 'https', href: `${server.url.replace('://', '://ada@')}/${full}.git` },
        { name: 'ssh', href: `git@ssh.bitbucket.org:${full}.git` },
      ],
    },
  };
}
