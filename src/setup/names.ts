import { createHash } from 'node:crypto';

/** The two ends of one mirror. */
export interface Mirror {
  readonly workspace: string;
  /** On Bitbucket. */
  readonly repository: string;
  readonly region: string;
  /** Of the repository on CodeCommit. */
  readonly name: string;
}

/** The tag of every user and role that setup creates or adopts. Its value names the owning mirror. */
export const tagKey = 'codecommit-mirror';

/** `acme/app:eu-west-1/app`: only characters that IAM allows in the value of a tag, at most 256 (IAM API, Tag). */
export function toMirrorTag({ workspace, repository, region, name }: Mirror): string {
  return `${workspace}/${repository}:${region}/${name}`;
}

/** The value of the tag for a user or role that was adopted with --adopt. */
export function toAdoptedTag(mirror: Mirror): string {
  return `adopted:${toMirrorTag(mirror)}`;
}

/** Eight hexadecimal digits that differ between mirrors, for names that must not collide. */
export function toSuffix(mirror: Mirror): string {
  return createHash('sha256').update(toMirrorTag(mirror)).digest('hex').slice(0, 8);
}

/** Of the IAM user or role: at most 64 characters (IAM API, CreateUser). */
export function toIdentityName(mirror: Mirror): string {
  return `codecommit-mirror-${mirror.name.slice(0, 37)}-${toSuffix(mirror)}`;
}

/** The inline policy: at most 128 characters. */
export function toPolicyName({ region, name }: Pick<Mirror, 'region' | 'name'>): string {
  return `codecommit-${region}-${name}`;
}

/** The variables of the repository on Bitbucket that the step uses: the id of the key, and the secured private key. */
export function toVariableNames(mirror: Mirror): { readonly id: string; readonly key: string } {
  const suffix = toSuffix(mirror).toUpperCase();
  return { id: `CODECOMMIT_SSH_KEY_ID_${suffix}`, key: `CODECOMMIT_SSH_KEY_${suffix}` };
}

/** The custom pipeline that the nightly schedule starts. */
export function toNightlyName(mirror: Mirror): string {
  return `codecommit-mirror-${toSuffix(mirror)}`;
}

/** The managed policy that denies others to push, below `ourPath`: at most 128 characters (IAM API, CreatePolicy). */
export function toProtectionName(mirror: Mirror): string {
  return `codecommit-mirror-protect-${mirror.name.slice(0, 90)}-${toSuffix(mirror)}`;
}

/** Our trigger among those of the repository on CodeCommit. */
export function toTriggerName(mirror: Mirror): string {
  return `codecommit-mirror-${toSuffix(mirror)}`;
}
