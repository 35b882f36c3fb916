import type { Identity } from '../../aws/identity';
import type { Job } from '../../mirror/job';
import { codeCommit, generic, gitHub, type Profile } from '../../plan/profiles';
import type { Login, RemoteSettings } from '../../remote/settings';
import type { MirrorConfiguration } from '../configuration/configuration';
import type { GitLogin, HostKind } from '../hosts/host';

/** One end of a mirror: where a repository is, and how git proves itself there. */
export interface End {
  readonly url: string;
  /** For logs. */
  readonly name: string;
  readonly login: GitLogin;
}

/** Bytes of one push. More goes in slices. */
const pushBytes = 1_000 * 2 ** 20;

/** How many times in a row one run tries; the fleet itself tries again later. */
const attempts = 3;

/** The job of one repository. */
export function toJob(
  { selection, policy, backup, lfs, to }: MirrorConfiguration,
  source: End,
  destination: End,
): Job {
  return {
    source: toRemote(source),
    destination: toRemote(destination),
    selection,
    policy: { ...policy, backup, lfs, dryRun: false },
    limits: { profile: toProfile(to.host), pushBytes, attempts },
  };
}

export function toRemote({ url, name, login }: End): RemoteSettings {
  return { url, name, login: toLogin(login) };
}

function toLogin(login: GitLogin): Login {
  return login.kind === 'aws' ? { kind: 'aws', region: login.region, identity: toIdentity(login) } : login;
}

/** The client of AWS renews its keys by itself, so it is asked each time. */
function toIdentity({ readKeys }: Extract<GitLogin, { kind: 'aws' }>): Identity {
  const read = async () => ({ keys: await readKeys(), expiresAt: new Date() });
  return { kind: 'chain', name: 'the AWS credentials of this machine', read };
}

function toProfile(host: HostKind): Profile {
  if (host === 'codecommit') return codeCommit;
  return host === 'github' ? gitHub : generic;
}
