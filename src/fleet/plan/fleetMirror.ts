import type { MirrorConfiguration } from '../configuration/configuration';
import type { DestinationConfiguration } from '../configuration/destination';
import type { SourceConfiguration } from '../configuration/source';

/**
 * The owner that a source is configured with, as it begins the `owner` of its repositories. Undefined where a source has
 * none: a list of addresses, and CodeCommit, whose repositories have no owner.
 */
export function toRoot(from: SourceConfiguration): string | undefined {
  switch (from.host) {
    case 'github':
      return from.owner;
    case 'gitlab':
      return from.group ?? from.user;
    case 'bitbucket':
      return from.workspace;
    case 'bitbucket-datacenter':
      return from.project;
    case 'codecommit':
    case 'git':
      return undefined;
  }
}

/** Where a name must be unique: two mirrors with the same place make repositories beside each other. */
export function toPlace(to: DestinationConfiguration): string {
  switch (to.host) {
    case 'github':
      return toKey(to.url, to.owner);
    case 'gitlab':
      return toKey(to.url, to.group ?? to.user ?? '');
    case 'bitbucket':
      // A slug is unique in the workspace, whatever the project.
      return toKey(to.url, to.workspace);
    case 'bitbucket-datacenter':
      return toKey(to.url, to.project);
    case 'codecommit':
      return toKey(to.host, `${to.region} ${toAccount(to.role)}`);
  }
}

/** `arn:aws:iam::<account>:role/…`; without a role it is the account of the environment. */
function toAccount(role: string | undefined): string {
  return role?.split(':')[4] ?? 'own account';
}

function toKey(url: string, owner: string): string {
  return `${url} ${owner}`.toLowerCase();
}

/** What mirrors.yaml says of archived repositories and of forks; hosts without them have every repository. */
export function toRules({ from }: Pick<MirrorConfiguration, 'from'>) {
  return {
    match: from.match,
    exclude: from.exclude,
    archived: 'archived' in from ? from.archived : true,
    forks: 'forks' in from ? from.forks : true,
  };
}
