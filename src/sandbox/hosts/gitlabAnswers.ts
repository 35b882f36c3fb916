import { toPage } from './pages';
import type { StoredHook, StoredRepository } from './repositories';
import type { Answer, Asked, HostServer } from './server';
import { answerHooks } from './storedHooks';

export const refuse = (status: number, message: unknown): Answer => ({ status, body: { message } });
export const notFound = (what: string) => refuse(404, `404 ${what} Not Found`);

/** In the words of GitLab's model of a project. */
export function toLimitReached(limit: number): string {
  return limit === 0
    ? 'You cannot create projects in your personal namespace. Contact your GitLab administrator.'
    : `You've reached your limit of ${limit} projects created. Contact your GitLab administrator.`;
}

export function answerGitlabHooks(
  { pageSize, signs }: Pick<HostServer, 'pageSize'> & { readonly signs: boolean },
  asked: Asked,
  hooks: StoredHook[],
  id: string,
): Answer {
  return answerHooks(asked, hooks, id, {
    notFound: refuse(404, '404 Not found'),
    toJson: ({ id: number, isActive, body }) => {
      const { token, signing_token: signing, ...shown } = body;
      return {
        id: number,
        ...shown,
        alert_status: isActive ? 'executable' : 'disabled',
        token_present: token !== undefined,
        ...(signs && { signing_token_present: signing !== undefined }),
      };
    },
    toList: (all) => {
      const { rows, links } = toPage(all, asked.url, { usual: 20, most: pageSize });
      return { status: 200, body: rows, headers: links };
    },
  });
}

/** A project, as the API shows it. */
export function toJson({ url }: Pick<HostServer, 'url'>, each: StoredRepository) {
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
    http_url_to_repo: `${url}/${path}.git`,
    ssh_url_to_repo: `git@127.0.0.1:${path}.git`,
    created_at: each.createdAt.toISOString(),
    last_activity_at: each.createdAt.toISOString(),
    updated_at: each.changedAt.toISOString(),
  };
}
