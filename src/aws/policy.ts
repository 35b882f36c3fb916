import { isDeepStrictEqual } from 'node:util';
import { partition } from '@aws-sdk/core/client';

/** A repository on CodeCommit. */
interface Place {
  readonly region: string;
  readonly name: string;
}

/** An IAM policy document. */
export type PolicyDocument = Readonly<Record<string, unknown>>;

export function toPartition(region: string): string {
  return partition(region).name;
}

export function toRepositoryArn({ region, name }: Place, account: string): string {
  return `arn:${toPartition(region)}:codecommit:${region}:${account}:${name}`;
}

/**
 * What git needs, on the one repository. GitPush covers deletions and forced pushes. `defaultBranch`: also to choose
 * the default branch, which a mirror with AWS credentials does by CodeCommit's API.
 */
export function toGitPolicy(
  place: Place,
  account: string,
  { defaultBranch = false }: { readonly defaultBranch?: boolean } = {},
): PolicyDocument {
  const Action = [
    'codecommit:GitPull',
    'codecommit:GitPush',
    ...(defaultBranch ? ['codecommit:UpdateDefaultBranch'] : []),
  ];
  const Resource = toRepositoryArn(place, account);
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action, Resource }] };
}

/** IAM returns documents percent-encoded (RFC 3986). Undefined if the content is not JSON. */
export function parsePolicy(encoded: string): unknown {
  try {
    return JSON.parse(decodeURIComponent(encoded));
  } catch {
    return undefined;
  }
}

export function isSamePolicy(one: unknown, other: PolicyDocument): boolean {
  return isDeepStrictEqual(one, other);
}
