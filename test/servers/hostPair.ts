import { join } from 'node:path';
import { type GithubServer, openGithubServer } from '../../src/sandbox/hosts/github';
import { type GitlabServer, openGitlabServer } from '../../src/sandbox/hosts/gitlab';

/** A GitHub with the organisation acme, and a GitLab with an empty group `mirror`. */
export interface HostPair extends AsyncDisposable {
  readonly github: GithubServer;
  readonly gitlab: GitlabServer;
}

export interface PairTokens {
  readonly source: string;
  readonly destination: string;
}

/** The repositories are in the folders `github` and `gitlab` of `root`, by their IDs. */
export async function openHostPair(root: string, { source, destination }: PairTokens): Promise<HostPair> {
  const github = await openGithubServer({ root: join(root, 'github') });
  const gitlab = await openGitlabServer({ root: join(root, 'gitlab') });
  github.tokens.set(source, { user: 'bot', scopes: ['repo', 'read:org'] });
  const scopes = ['api', 'read_api', 'read_repository', 'write_repository'];
  gitlab.tokens.set(destination, { user: 'bot', scopes });
  gitlab.groups.set('mirror', 9_000);
  return {
    github,
    gitlab,
    async [Symbol.asyncDispose]() {
      await github[Symbol.asyncDispose]();
      await gitlab[Symbol.asyncDispose]();
    },
  };
}
