import type { HostContext } from './api/settings';
import { type BitbucketCloudSettings, openBitbucketCloud } from './bitbucketCloud';
import { type BitbucketDataCenterSettings, openBitbucketDataCenter } from './bitbucketDataCenter';
import type { CodeCommitSettings } from './codeCommitPlace';
import { type GitSettings, openGit } from './git';
import { openGithub } from './github';
import type { GithubSettings } from './githubSettings';
import { openGitlab } from './gitlab';
import type { GitlabSettings } from './gitlabSettings';
import type { Host, HostKind } from './host';
import { bitbucketCloudDeliveries } from './webhooks/bitbucketCloud';
import { bitbucketDataCenterDeliveries } from './webhooks/bitbucketDataCenter';
import type { Deliveries } from './webhooks/delivery';
import { githubDeliveries } from './webhooks/github';
import { gitlabDeliveries } from './webhooks/gitlab';

/** One owner on one host, `host` as mirrors.yaml names it. */
export type HostSettings =
  | ({ readonly host: 'github' } & GithubSettings)
  | ({ readonly host: 'gitlab' } & GitlabSettings)
  | ({ readonly host: 'bitbucket' } & BitbucketCloudSettings)
  | ({ readonly host: 'bitbucket-datacenter' } & BitbucketDataCenterSettings)
  | ({ readonly host: 'codecommit' } & CodeCommitSettings)
  | ({ readonly host: 'git' } & GitSettings);

/** Opens a host; asks nothing yet. AWS's client, which is large, is loaded only for CodeCommit. */
export async function openHost(settings: HostSettings, context: HostContext): Promise<Host> {
  switch (settings.host) {
    case 'github':
      return openGithub(settings, context);
    case 'gitlab':
      return openGitlab(settings, context);
    case 'bitbucket':
      return openBitbucketCloud(settings, context);
    case 'bitbucket-datacenter':
      return openBitbucketDataCenter(settings, context);
    case 'codecommit': {
      const { openCodeCommit } = await import('./codeCommit');
      return openCodeCommit(settings, context);
    }
    case 'git':
      return openGit(settings);
  }
}

/** How the webhooks of a host are verified and read; none where a host has no webhooks. */
export const deliveriesOf: Readonly<Record<HostKind, Deliveries | undefined>> = {
  github: githubDeliveries,
  gitlab: gitlabDeliveries,
  bitbucket: bitbucketCloudDeliveries,
  'bitbucket-datacenter': bitbucketDataCenterDeliveries,
  codecommit: undefined,
  git: undefined,
};
