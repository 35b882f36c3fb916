import { describe, expect, it } from 'vitest';
import { parseFailure } from '../../src/git/failures';

/** What git and ssh really wrote (git 2.39 and 2.47, OpenSSH 9.2 and 10.0), shortened to what tells. */
const rows = [
  [
    'unreachable',
    "fatal: unable to access 'http://bitbucket.org/a/b/': Failed to connect to 127.0.0.1 port 1 after 0 ms: Couldn't connect to server",
  ],
  [
    'unreachable',
    "fatal: unable to access 'http://no-such-host.invalid/x/': Could not resolve host: no-such-host.invalid",
  ],
  [
    'unreachable',
    "fatal: unable to access 'http://bitbucket.org/a/b/': Could not resolve proxy: host.docker.internal",
  ],
  [
    'unreachable',
    'ssh: connect to host 127.0.0.1 port 1: Connection refused\r\nfatal: Could not read from remote repository.',
  ],
  [
    'unreachable',
    'ssh: Could not resolve hostname no.invalid: Name or service not known\r\nfatal: Could not read from remote repository.',
  ],
  ['unreachable', 'ssh: connect to host 192.0.2.1 port 22: Network is unreachable'],
  ['unreachable', 'ssh: connect to host 192.0.2.1 port 22: Connection timed out'],
  [
    'unreachable',
    "fatal: unable to access 'https://192.0.2.1/a/b/': Failed to connect to 192.0.2.1 port 443 after 130000 ms: Connection timed out",
  ],
  [
    'unreachable',
    "fatal: unable to access 'https://192.0.2.1/a/b/': Connection timed out after 300000 milliseconds",
  ],
  [
    'password-removed',
    "fatal: unable to access 'https://bitbucket.org/a/b.git/': The requested URL returned error: 410",
  ],
  ['timed-out', 'Connection timed out during banner exchange'],
  ['timed-out', 'Timeout, server 127.0.0.1 not responding.'],
  [
    'timed-out',
    'error: RPC failed; curl 28 Operation too slow. Less than 1 bytes/sec transferred the last 60 seconds',
  ],
  ['unauthorised', "fatal: could not read Username for 'http://127.0.0.1:38795': terminal prompts disabled"],
  [
    'unauthorised',
    "fatal: unable to access 'http://127.0.0.1:38795/403/r/': The requested URL returned error: 403",
  ],
  ['unauthorised', "fatal: Authentication failed for 'https://bitbucket.org/a/b/'"],
  [
    'unauthorised',
    "fatal: detected dubious ownership in repository at '/x/src.git'\nTo add an exception for this directory, call:\n\n\tgit config --global --add safe.directory /x/src.git\nfatal: Could not read from remote repository.",
  ],
  ['not-found', "fatal: repository 'http://127.0.0.1:38795/404/r/' not found"],
  [
    'redirected',
    "fatal: unable to access 'https://127.0.0.1:38795/v1/repos/r/': The requested URL returned error: 302",
  ],
  [
    'certificate',
    "fatal: unable to access 'https://127.0.0.1:38795/r/': server certificate verification failed. CAfile: none CRLfile: none",
  ],
  [
    'certificate',
    "fatal: unable to access 'https://127.0.0.1:38795/r/': SSL certificate problem: self-signed certificate",
  ],
  [
    'certificate',
    "fatal: unable to access 'https://localhost:38795/r/': SSL: no alternative certificate subject name matches target host name 'localhost'",
  ],
  [
    'certificate',
    "fatal: unable to access 'https://localhost:38795/r/': SSL: certificate subject name (codecommit) does not match target hostname 'localhost'",
  ],
  [
    'not-found',
    "fatal: '/nowhere' does not appear to be a git repository\nfatal: Could not read from remote repository.",
  ],
  [
    'server-error',
    "fatal: unable to access 'http://127.0.0.1:38795/503/r/': The requested URL returned error: 503",
  ],
  [
    'server-error',
    "fatal: unable to access 'http://127.0.0.1:38795/429/r/': The requested URL returned error: 429",
  ],
  [
    'ssh-too-old',
    '/tmp/x/config: line 12: Bad configuration option: knownhostscommand\r\nfatal: Could not read from remote repository.',
  ],
  ['permission-denied', 'APKAEXAMPLEEXAMPLE12@127.0.0.1: Permission denied (publickey).'],
  [
    'host-key',
    'No RSA host key is known for [127.0.0.1]:2222 and you have requested strict checking.\r\nHost key verification failed.',
  ],
  [
    'host-key',
    '@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\r\nHost key verification failed.',
  ],
  [
    'algorithms',
    'Unable to negotiate with 127.0.0.1 port 22: no matching host key type found. Their offer: ssh-rsa',
  ],
  ['dropped', 'kex_exchange_identification: read: Connection reset by peer'],
  ['dropped', 'Connection to 127.0.0.1 closed by remote host.\nfatal: the remote end hung up unexpectedly'],
  ['dropped', 'fetch-pack: unexpected disconnect while reading sideband packet\nfatal: early EOF'],
  ['dropped', 'client_loop: send disconnect: Broken pipe\nfatal: the remote end hung up unexpectedly'],
  ['dropped', "fatal: unable to access 'http://bitbucket.org/a/b/': Empty reply from server"],
  [
    'dropped',
    "fatal: unable to access 'http://bitbucket.org/a/b/': transfer closed with 30 bytes remaining to read",
  ],
  ['disk-full', 'fatal: write error: No space left on device\nfatal: the remote end hung up unexpectedly'],
  ['disk-full', 'error: file write error: Disk quota exceeded'],
  ['object-missing', 'fatal: bad object 0123456789012345678901234567890123456789'],
  [
    'object-missing',
    'fatal: unable to read 0123456789012345678901234567890123456789\nfatal: the remote end hung up unexpectedly',
  ],
  ['ssh-unusable', 'No user exists for uid 54321\r\nfatal: Could not read from remote repository.'],
  [
    'ssh-unusable',
    'Load key "/tmp/x/id_rsa": error in libcrypto\r\ngit@bitbucket.org: Permission denied (publickey).',
  ],
  ['ssh-unusable', 'Bad owner or permissions on /etc/ssh/ssh_config.d/x.conf'],
  [
    'git-too-old',
    "error: unknown option `stdin'\nusage: git fetch [<options>] [<repository> [<refspec>...]]",
  ],
  [
    'object-format',
    "fatal: the receiving end does not support this repository's hash algorithm\nfatal: the remote end hung up unexpectedly",
  ],
  ['moved', 'fatal: remote error: upload-pack: not our ref 0123456789012345678901234567890123456789'],
  ['server-error', 'fatal: remote error: Rate Exceeded'],
  [
    'proxy',
    "fatal: unable to access 'https://127.0.0.1/r/': Received HTTP code 407 from proxy after CONNECT",
  ],
  ['proxy', "fatal: unable to access 'https://127.0.0.1/r/': CONNECT tunnel failed, response 407"],
  ['proxy', "fatal: unable to access 'http://127.0.0.1/r/': The requested URL returned error: 407"],
  ['not-git', 'fatal: protocol error: bad line length character: Welc'],
  ['not-found', 'conq: repository does not exist.\nfatal: Could not read from remote repository.'],
  [
    'unauthorised',
    'You may not have access to this repository or it no longer exists in this workspace. If you think this repository exists and you have access, make sure you are authenticated.\nfatal: Could not read from remote repository.',
  ],
  ['unauthorised', 'Unauthorized\nfatal: Could not read from remote repository.'],
  // https://confluence.atlassian.com/bbkb/error-403-when-performing-git-operations-1155479141.html
  [
    'unauthorised',
    'To access this repository, an admin must whitelist your IP.\nfatal: Could not read from remote repository.',
  ],
  [
    'unauthorised',
    "remote: To access this repository, an admin must whitelist your IP.\nfatal: unable to access 'https://bitbucket.org/a/b.git/': The requested URL returned error: 403",
  ],
  [
    'unauthorised',
    'To access this repository, enable two-step authentication.\nfatal: Could not read from remote repository.',
  ],
  [
    'unauthorised',
    "Your credentials lack one or more required privilege scopes. fatal: unable to access 'https://bitbucket.org/a/b.git/': The requested URL returned error: 403",
  ],
  [
    'unauthorised',
    "The requested repository either does not exist or you do not have access. If you believe this repository exists and you have access, make sure you're authenticated.\nfatal: Could not read from remote repository.",
  ],
  // GitHub.
  [
    'not-found',
    'ERROR: Repository not found.\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.',
  ],
  [
    'not-found',
    "remote: Repository not found.\nfatal: repository 'https://github.com/a/missing.git/' not found",
  ],
  [
    'unauthorised',
    'ERROR: Permission to acme/app.git denied to ada.\nfatal: Could not read from remote repository.',
  ],
  [
    'unauthorised',
    "ERROR: The 'acme' organization has enabled or enforced SAML SSO.\nTo access this repository, you must use the HTTPS remote with a personal access token.\nfatal: Could not read from remote repository.",
  ],
  [
    'unauthorised',
    'ERROR: Although you appear to have the correct authorization credentials, the `acme` organization has an IP allow list enabled, and your IP address is not permitted to access this resource.\nfatal: Could not read from remote repository.',
  ],
  [
    'algorithms',
    "ERROR: You're using an RSA key with SHA-1, which is no longer allowed. Please use a newer client or a different key type.\nfatal: Could not read from remote repository.",
  ],
  // GitLab, whose words over SSH begin with `remote:`, which decides nothing.
  [
    'dropped',
    "remote: \nremote: ========================================================================\nremote: \nremote: ERROR: The project you were looking for could not be found or you don't have permission to view it.\nremote: \nremote: ========================================================================\nremote: \nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.",
  ],
  [
    'unauthorised',
    "remote: HTTP Basic: Access denied. If a password was provided for Git authentication, the password was incorrect.\nfatal: Authentication failed for 'https://gitlab.com/a/b.git/'",
  ],
  ['permission-denied', 'Received disconnect from 192.0.2.1 port 22:2: Too many authentication failures'],
  [
    'ssh-unusable',
    "Permissions 0644 for '/home/ada/.ssh/id_rsa' are too open.\nIt is required that your private key files are NOT accessible by others.\ngit@bitbucket.org: Permission denied (publickey).",
  ],
  [
    'dropped',
    "fatal: unable to access 'https://bitbucket.org/a/b.git/': OpenSSL SSL_connect: SSL_ERROR_SYSCALL in connection to bitbucket.org:443",
  ],
  [
    'dropped',
    "fatal: unable to access 'https://bitbucket.org/a/b.git/': GnuTLS recv error (-110): The TLS connection was non-properly terminated.",
  ],
  ['unknown', 'fatal: something new'],
  ['unknown', ''],
] as const;

describe('parseFailure', () => {
  it.each(rows)('%s: %s', (kind, stderr) => {
    expect(parseFailure(stderr)).toBe(kind);
  });

  it.each([
    'No space left on device',
    'Permission denied (publickey).',
    'Host key verification failed.',
    'No user exists for uid 1',
    'timed out',
    'Rate Exceeded',
    'Repository not found.',
    'Permission to acme/app.git denied to ada.',
  ])('lets no server choose it: %s', (words) => {
    expect(parseFailure(`remote: ${words}\nremote: \rremote: ${words}\nfatal: something new`)).toBe(
      'unknown',
    );
    const told = parseFailure(`fatal: remote error: ${words}\n`);
    const ofItself = {
      'Rate Exceeded': 'server-error',
      'Repository not found.': 'not-found',
      'Permission to acme/app.git denied to ada.': 'unauthorised',
    };
    expect(told).toBe({ ...ofItself }[words] ?? 'unknown');
  });
});
