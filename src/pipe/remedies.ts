import type { Facts } from '../errors';
import type { Remedies } from '../report/remedies';

const reportIt = 'run with DEBUG: true and report it with the log.';

/** What the users of the pipe and of the command line can do: in terms of its variables, of Pipelines and of AWS. */
export const remedies: Remedies = {
  errors: {
    'no-clone': () => 'Run the pipe in a step that clones the repository, or set SOURCE_URL.',
    'source-unreachable': () =>
      'Nothing was changed. Run again when Bitbucket answers. Check SOURCE_URL and SOURCE_PROXY if they are set, and that port 443 (https://) or 22 (ssh://) is open from here.',
    'source-unauthorised': ({ gone }) =>
      gone === undefined
        ? 'In a pipe, leave SOURCE_URL unset: Pipelines gives access to its own repository. For another repository, put a user and an access token into SOURCE_URL (a secured variable). In a shell, check that git ls-remote works for it.'
        : 'Inside a pipe, remove SOURCE_URL: Pipelines gives access to its own repository. For another repository, create an access token there (Repository settings > Access tokens, permission "Repositories: Read") and set SOURCE_URL to https://x-token-auth:<token>@bitbucket.org/<workspace>/<repository>, as a secured variable.',
    'source-not-found': () => 'Check the workspace and the repository name in SOURCE_URL.',
    'source-empty': () =>
      'Push to the source first, and check SOURCE_URL if it is set: to git, a page that asks for a login looks the same. If the source was emptied by mistake, the destination still has everything.',
    'source-moved': () => 'Run again. The run that the latest push started will mirror it.',
    'nothing-selected': ({ ref }) =>
      ref === undefined
        ? 'Check INCLUDE and EXCLUDE: "release/*" matches branches and tags of that name, "refs/tags/v*" only tags.'
        : 'Push the branch to the source first, check out another one, or set REFS to all.',
    'host-key-contradicted': () =>
      'This may be a man-in-the-middle attack, or the server has a new key. Compare with what the service publishes before you change KNOWN_HOSTS or the known hosts of Pipelines.',
    'permission-denied': () =>
      'Likely causes: the SSH key ID does not belong to this key (IAM > Users > Security credentials > SSH public keys for AWS CodeCommit); the key is inactive, or was uploaded in another AWS account; the private key does not match the uploaded public key.',
    'credentials-refused': () =>
      'Allow codecommit:GitPull and codecommit:GitPush on this repository for this user or role. A repository that does not exist is refused in the same way: check name and region. Otherwise the access key is inactive, its secret is wrong, a temporary key has expired, or the clock of this machine is wrong.',
    'certificate-refused': toCertificateRemedy,
    'role-refused': () =>
      'Compare the trust policy of the role (it must exist, and name the identity provider of your workspace, the audience ari:cloud:bitbucket::workspace/<uuid> and this repository) with Repository settings > Pipelines > OpenID Connect.',
    'token-expired': () =>
      'Bitbucket limits the lifetime of the token, and the "Maximum session duration" of the role limits the session. Run again: the mirror continues where it stopped. Put the pipe early in the step.',
    'destination-unreachable': ({ port }) =>
      `Check the region in CODECOMMIT_URL, and that port ${port} is open from here.`,
    'destination-not-found': () =>
      'Check name (case matters) and region, create the repository, and allow codecommit:GitPull and codecommit:GitPush on it.',
    'destination-failed': ({ redirected }) =>
      redirected === undefined
        ? `Run again. If it fails again, ${reportIt}`
        : 'CodeCommit never redirects: something else answers there. Check CODECOMMIT_URL and CODECOMMIT_ENDPOINT.',
    'algorithms-disjoint': ({ role }) =>
      role === 'source'
        ? 'Give SOURCE_URL as https://, or allow the algorithm for this host in ~/.ssh/config.'
        : 'Use a newer version of this pipe. On a workstation, check that the system-wide crypto policy allows RSA.',
    'ssh-too-old': () => 'OpenSSH 8.5 or newer is required. The image of the pipe has it.',
    'ssh-unusable': () =>
      'ssh failed before it contacted the server. "No user exists": run as a user in /etc/passwd, or mirror over HTTPS (codecommit::<region>://<name>), which does not need one. Otherwise check the file or option that it names.',
    'git-too-old': ({ oldest }) =>
      `git ${oldest} or newer is required (git --version). The image of the pipe has it.`,
    'git-failed': () => `Unrecognised git error. Run again; if it fails again, ${reportIt}`,
    'object-format': () =>
      'CodeCommit accepts repositories with SHA-1 object IDs only: git init --object-format=sha1.',
    'time-limit': () =>
      'Run again: the mirror continues where it stopped. Raise TIMEOUT (minutes) if the step has the time.',
    'prune-limit': () => 'If these deletions are intended, raise PRUNE_LIMIT for one run.',
    'push-too-large': () =>
      'Set PUSH_SIZE below the limit of the server, or of the proxy in front of it: the history is then pushed in slices. A single file above the limit can only stay behind (EXCLUDE its branches).',
    'out-of-memory': () =>
      'Most likely the memory of the step ran out. Give the step more (size: 2x), or lower PUSH_SIZE: the history is then pushed in slices, which need less.',
    'lfs-found': () =>
      'LFS: warn mirrors without these files. LFS: push sends them too, if the destination accepts them.',
    'lfs-not-sent': () =>
      'Leave the files out, or use a destination with LFS over SSH (git-lfs-authenticate or git-lfs-transfer). LFS: warn mirrors without these files and reports what is missing.',
    'lfs-not-obtained': () =>
      'Check that `git lfs fetch --all` works for the source. In Pipelines, give SOURCE_URL as https:// with an access token if its proxy does not support LFS. LFS: warn mirrors without these files.',
    'report-unwritable': () =>
      'Set REPORT_FILE to a path in a folder that exists and that this run can write to.',
  },
  toHint: ({ status, code }) => {
    if (status !== 'kept') return undefined;
    if (code === 'ref-diverged') return 'FORCE: true overwrites it';
    return code === undefined ? 'PRUNE: true deletes it' : undefined;
  },
};

function toCertificateRemedy({ role }: Facts): string {
  return role === 'source'
    ? 'Add the certificate of its authority, or of the TLS-intercepting proxy, to SSL_CERT_FILE (a PEM file with every trusted authority).'
    : 'This may be a man-in-the-middle attack, or the certificate is for a host other than CODECOMMIT_ENDPOINT. Behind a TLS-intercepting proxy, add its certificates to SSL_CERT_FILE.';
}
