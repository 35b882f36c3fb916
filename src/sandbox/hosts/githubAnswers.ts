import { toPage } from './pages';
import type { StoredHook, StoredRepository } from './repositories';
import type { Answer, Asked, HostServer } from './server';
import { answerHooks } from './storedHooks';

export function refuse(
  status: number,
  message: string,
  more: Partial<Answer> & { errors?: unknown } = {},
): Answer {
  const { errors, headers = {} } = more;
  const body = { message, documentation_url: 'https://docs.github.com/rest', ...(errors ? { errors } : {}) };
  return { status, body, headers };
}

export const notFound = refuse(404, 'Not Found');

export function lacks({ token }: Asked, accepted: readonly string[]): Answer | undefined {
  if (accepted.some((scope) => token?.scopes.includes(scope))) return undefined;
  const headers = { 'X-Accepted-OAuth-Scopes': accepted.join(', ') };
  return refuse(403, 'Resource not accessible by personal access token', { headers });
}

export function answerGithubHooks(
  { pageSize }: Pick<HostServer, 'pageSize'>,
  asked: Asked,
  hooks: StoredHook[],
  id: string,
): Answer {
  return answerHooks(asked, hooks, id, {
    notFound,
    toJson: ({ id: number, isActive, body }) => {
      const config = { ...(body['config'] ?? {}), secret: '********' };
      return {
        type: 'Organization',
        id: number,
        name: 'web',
        active: isActive,
        events: body['events'],
        config,
      };
    },
    toList: (all) => {
      const { rows, links } = toPage(all, asked.url, { usual: 30, most: pageSize });
      return { status: 200, body: rows, headers: links };
    },
  });
}

interface Origin {
  readonly url: string;
  /** Owners and what they are. */
  readonly owners: ReadonlyMap<string, 'Organization' | 'User'>;
}

/** A repository, as the API shows it. */
export function toJson({ url, owners }: Origin, each: StoredRepository) {
  return {
    id: each.id,
    node_id: `R_${each.id}`,
    name: each.name,
    full_name: `${each.owner}/${each.name}`,
    owner: { login: each.owner, id: 1, type: owners.get(each.owner) },
    private: each.isPrivate,
    visibility: each.isPrivate ? 'private' : 'public',
    description: each.description === '' ? null : each.description,
    fork: each.isFork,
    archived: each.isArchived,
    disabled: false,
    size: Math.ceil(each.bytes / 1_024),
    default_branch: 'main',
    clone_url: `${url}/${each.owner}/${each.name}.git`,
    ssh_url: `git@127.0.0.1:${each.owner}/${each.name}.git`,
    created_at: each.createdAt.toISOString(),
    updated_at: each.changedAt.toISOString(),
    pushed_at: each.changedAt.toISOString(),
  };
}
