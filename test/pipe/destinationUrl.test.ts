import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseDestinationUrl, toSshUrl } from '../../src/pipe/destinationUrl';
import { parseSshUser } from '../../src/pipe/sshKeyId';
import { isRegion } from '../../src/remote/region';
import { faultsOf, fullFaultsOf } from './faultsOf';

const aws = 'git-codecommit.us-east-1.amazonaws.com';
const keyId = 'APKAEIBAERJR2EXAMPLE';

describe('accepted forms', () => {
  test.each([
    [`ssh://${aws}/v1/repos/my-repo`, undefined, `ssh://U@${aws}/v1/repos/my-repo`, 'us-east-1'],
    [`ssh://${keyId}@${aws}/v1/repos/my-repo`, undefined, `ssh://U@${aws}/v1/repos/my-repo`, 'us-east-1'],
    [`ssh://${aws}:22/v1/repos/my-repo`, undefined, `ssh://U@${aws}/v1/repos/my-repo`, 'us-east-1'],
    [
      `ssh://${aws.toUpperCase()}/v1/repos/A.b_c-D`,
      undefined,
      `ssh://U@${aws}/v1/repos/A.b_c-D`,
      'us-east-1',
    ],
    [`https://${aws}/v1/repos/my-repo`, undefined, `ssh://U@${aws}/v1/repos/my-repo`, 'us-east-1'],
    [
      'codecommit::eu-west-1://r',
      undefined,
      'ssh://U@git-codecommit.eu-west-1.amazonaws.com/v1/repos/r',
      'eu-west-1',
    ],
    [
      'codecommit::eu-west-1://r',
      'eu-west-1',
      'ssh://U@git-codecommit.eu-west-1.amazonaws.com/v1/repos/r',
      'eu-west-1',
    ],
    ['codecommit://r', 'eu-west-1', 'ssh://U@git-codecommit.eu-west-1.amazonaws.com/v1/repos/r', 'eu-west-1'],
    [
      'my-repo',
      'me-central-1',
      'ssh://U@git-codecommit.me-central-1.amazonaws.com/v1/repos/my-repo',
      'me-central-1',
    ],
    ['r', 'cn-north-1', 'ssh://U@git-codecommit.cn-north-1.amazonaws.com.cn/v1/repos/r', 'cn-north-1'],
    ['r', 'us-gov-east-1', 'ssh://U@git-codecommit.us-gov-east-1.amazonaws.com/v1/repos/r', 'us-gov-east-1'],
    [
      'ssh://git-codecommit.cn-northwest-1.amazonaws.com.cn/v1/repos/r',
      undefined,
      'ssh://U@git-codecommit.cn-northwest-1.amazonaws.com.cn/v1/repos/r',
      'cn-northwest-1',
    ],
    [
      'ssh://vpce-0a1-b2.git-codecommit.us-east-1.vpce.amazonaws.com/v1/repos/r',
      undefined,
      'ssh://U@vpce-0a1-b2.git-codecommit.us-east-1.vpce.amazonaws.com/v1/repos/r',
      'us-east-1',
    ],
    ['ssh://127.0.0.1:2222/v1/repos/r', undefined, 'ssh://U@127.0.0.1:2222/v1/repos/r', undefined],
    ['ssh://git@example.org/team/repo.git', undefined, 'ssh://U@example.org/team/repo.git', undefined],
    ['ssh://git@[::1]:2222/~team/repo', 'us-east-1', 'ssh://U@[::1]:2222/~team/repo', undefined],
    // A name that only begins like one of AWS's is another host, and has no published fingerprint.
    [`ssh://${aws}.example.org/r`, undefined, `ssh://U@${aws}.example.org/r`, undefined],
  ])('%s with region %s', (value, region, url, expectedRegion) => {
    const destination = parseDestinationUrl(value, region);
    expect(toSshUrl(destination, 'U')).toBe(url);
    expect(destination.region).toBe(expectedRegion);
    expect(destination.repository).toBe(/\/v1\/repos\/(.*)/.exec(url)?.[1]);
    expect(destination.aws).toBe(expectedRegion !== undefined);
  });
});

describe('faults', () => {
  test.each([
    [
      `ssh://${aws}/v1/repos/my-repo/`,
      'ends in a slash, which breaks the connection to CodeCommit; leave it out',
    ],
    [`ssh://${aws}/v1/repos/my-repo.git`, 'ends in .git, which no CodeCommit repository does; leave it out'],
    [
      'ssh://127.0.0.1:2222/v1/repos/r.git',
      'ends in .git, which no CodeCommit repository does; leave it out',
    ],
    [
      `ssh://${aws}/v1/repos/a/b`,
      'names a repository that CodeCommit cannot have: a name is 1 to 100 of A-Z a-z 0-9 . _ -',
    ],
    [
      `ssh://${aws}/v1/repos/`,
      'names a repository that CodeCommit cannot have: a name is 1 to 100 of A-Z a-z 0-9 . _ -',
    ],
    [
      `ssh://${aws}/v1/repos/..`,
      'names a repository that CodeCommit cannot have: a name is 1 to 100 of A-Z a-z 0-9 . _ -',
    ],
    [`ssh://${aws}/my-repo`, 'has another path than /v1/repos/<name>'],
    [`ssh://${aws}`, 'has another path than /v1/repos/<name>'],
    [`ssh://${aws}:2222/v1/repos/r`, "has port 2222; CodeCommit's SSH is on port 22"],
    [
      'ssh://git-codecommit-fips.us-east-1.amazonaws.com/v1/repos/r',
      `has a FIPS host, which serves HTTPS only; over SSH the host is ${aws}`,
    ],
    [
      'https://git-codecommit-fips.us-east-1.amazonaws.com/v1/repos/r',
      `has a FIPS host, which serves HTTPS only; over SSH the host is ${aws}`,
    ],
    [
      'ssh://git-codecommit.cn-north-1.amazonaws.com/v1/repos/r',
      'has a host of the wrong domain: the hosts of region cn-north-1 end as in git-codecommit.cn-north-1.amazonaws.com.cn',
    ],
    [
      `ssh://${aws}.cn/v1/repos/r`,
      `has a host of the wrong domain: the hosts of region us-east-1 end as in ${aws}`,
    ],
    [
      'ssh://codecommit.us-east-1.amazonaws.com/v1/repos/r',
      "has the host codecommit.us-east-1.amazonaws.com; git's is git-codecommit.<region>.amazonaws.com",
    ],
    [
      'codecommit::us-east-1://prod@r',
      'names a profile, which only git-remote-codecommit can use; leave out what is before the @',
    ],
    ['codecommit:us-east-1://r', 'is not of the form codecommit::<region>://<name>'],
    ['codecommit://r', 'names no region: write codecommit::<region>://<name>, or set AWS_DEFAULT_REGION'],
    [
      'https://us-east-1.console.aws.amazon.com/codesuite/codecommit/repositories/r',
      'is the page of the repository, not its clone URL',
    ],
    [
      'https://github.com/team/repo',
      'is an HTTPS URL of another host than CodeCommit; the mirror goes over ssh://',
    ],
    ['git://example.org/r', 'has another scheme; the mirror goes over ssh://'],
    ['git@example.org:team/repo', 'is no URL; git@host:path is written ssh://git@host/path here'],
    ['ext::sh -c true', 'holds white space'],
    ['ext::sh', 'is no URL; git@host:path is written ssh://git@host/path here'],
    ['ssh://-oProxyCommand=x/r', 'has no valid host name'],
    ['ssh://-x@example.org/r', 'has no valid user name before the @'],
    ['ssh:///r', 'has no valid host name'],
    ['ssh://example.org:0/r', 'has no valid port (1 to 65535)'],
    ['ssh://example.org:65536/r', 'has no valid port (1 to 65535)'],
    ['ssh://example.org:/r', 'has no valid port (1 to 65535)'],
    ['ssh://example.org/', 'has no path, or one with other characters than A-Z a-z 0-9 . _ ~ + = , : / -'],
    ['ssh://example.org', 'has no path, or one with other characters than A-Z a-z 0-9 . _ ~ + = , : / -'],
    ['ssh://example.org/r?x=1', 'holds a ? or #'],
    ['ssh://example.org/r#x', 'holds a ? or #'],
    ['ssh://example.org/%2e%2e/r', 'holds a percent sign: percent-encoding is not used here'],
    [
      `ssh://git-codecommit.$AWS_REGION.amazonaws.com/v1/repos/r`,
      'holds a $: a variable in it has not been replaced by its value',
    ],
    ['-my-repo', 'begins with a dash'],
    [`${'r'.repeat(101)}`, 'names a repository of 101 characters; CodeCommit allows 100'],
  ])('%s', (value, what) => {
    const [fault, ...more] = faultsOf(() => parseDestinationUrl(value));
    expect(fault).toBe(
      `CODECOMMIT_URL | CODECOMMIT_URL is ${JSON.stringify(value.replace(/^.*@/s, '***@'))}: it ${what}.`,
    );
    expect(more).toEqual([]);
  });

  it('never quotes a password', () => {
    for (const url of [
      'ssh://me:hunter2@example.org/r',
      `https://me:hunter2@${aws}/v1/repos/r`,
      'git://me:hunter2@x/r',
    ]) {
      const [fault] = faultsOf(() => parseDestinationUrl(url));
      expect(fault).toContain('"***@');
      expect(fault).not.toContain('hunter2');
    }
  });

  it('says what is wrong, what is expected and what to do', () => {
    expect(fullFaultsOf(() => parseDestinationUrl(`ssh://${aws}/v1/repos/my-repo.git`))).toEqual([
      {
        variable: 'CODECOMMIT_URL',
        code: 'variables-invalid',
        message: `CODECOMMIT_URL is "ssh://${aws}/v1/repos/my-repo.git": it ends in .git, which no CodeCommit repository does; leave it out.`,
        remedy:
          'Give ssh://git-codecommit.<region>.amazonaws.com/v1/repos/<name> (in the console of CodeCommit: Clone URL > Clone SSH), codecommit::<region>://<name>, the HTTPS URL of the console, a bare <name> with AWS_DEFAULT_REGION, or ssh://<host>[:<port>]/<path> for another git server.',
      },
    ]);
  });

  test.each([
    [
      'my-repo',
      undefined,
      'CODECOMMIT_URL | CODECOMMIT_URL is "my-repo": a bare repository name needs AWS_DEFAULT_REGION.',
    ],
    [
      'my-repo',
      'useast1',
      'AWS_DEFAULT_REGION | AWS_DEFAULT_REGION names the region "useast1", which has not the form of a region.',
    ],
    [
      'codecommit::useast1://r',
      undefined,
      'CODECOMMIT_URL | CODECOMMIT_URL names the region "useast1", which has not the form of a region.',
    ],
  ])('%s with region %s', (value, region, fault) => {
    expect(faultsOf(() => parseDestinationUrl(value, region))).toEqual([fault]);
  });

  test.each([`ssh://${aws}/v1/repos/r`, 'codecommit::us-east-1://r'])(
    'AWS_DEFAULT_REGION of the shell says nothing of %s, which names its region',
    (value) => expect(parseDestinationUrl(value, 'eu-west-1').region).toBe('us-east-1'),
  );

  test('the address of the browser is told from the clone URL, which is given', () => {
    const page =
      'https://eu-west-1.console.aws.amazon.com/codesuite/codecommit/repositories/r/browse?region=eu-west-1';
    expect(faultsOf(() => parseDestinationUrl(page))).toEqual([
      `CODECOMMIT_URL | CODECOMMIT_URL is "${page}": it is the page of the repository, not its clone URL; write codecommit::eu-west-1://r.`,
    ]);
  });
});

describe('any text', () => {
  const piece = fc.constantFrom(
    'ssh://',
    'https://',
    'codecommit::',
    '-',
    '@',
    ':',
    '/',
    '%2f',
    '[',
    ']',
    '.',
    'git',
    aws,
    '/v1/repos/',
    '22',
    '\n',
    ' ',
    '~',
    '..',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.oneof(piece, fc.string({ maxLength: 3 })), { maxLength: 9 }).map((parts) => parts.join('')),
  );

  function accepted(value: string) {
    let found: ReturnType<typeof parseDestinationUrl> | undefined;
    faultsOf(() => {
      found = parseDestinationUrl(value, 'us-east-1');
    });
    return found;
  }

  it('is a fault or a URL that can be no option and reads the same again', () => {
    fc.assert(
      fc.property(text, (value) => {
        const destination = accepted(value);
        if (destination === undefined) return;
        const url = toSshUrl(destination, 'user');
        expect(url).toMatch(/^ssh:\/\/user@[\w.[\]:-]+\/[\w.~+=,@:/-]+$/);
        expect(destination.host).toMatch(/^[\w:]/);
        expect(destination.user ?? '').not.toMatch(/^-/);
        expect(parseDestinationUrl(url)).toEqual({ ...destination, user: 'user' });
      }),
      { numRuns: 3000 },
    );
  });

  it('takes every name and region of the right form, known or not', () => {
    const name = fc.stringMatching(/^[\w.-]{1,100}$/).filter((each) => !/^-|\.git$|^\.\.?$/.test(each));
    const region = fc.stringMatching(/^[a-z]{2}(-[a-z]{2,9}){1,2}-\d$/);
    fc.assert(
      fc.property(name, region, (repository, where) => {
        expect(isRegion(where)).toBe(true);
        expect(parseDestinationUrl(`codecommit::${where}://${repository}`)).toMatchObject({
          repository,
          region: where,
        });
      }),
    );
  });
});

describe('SSH_KEY_ID', () => {
  const bare = parseDestinationUrl(`ssh://${aws}/v1/repos/r`);
  const plain = parseDestinationUrl('ssh://git@example.org/r');
  const sandbox = parseDestinationUrl('ssh://127.0.0.1:2222/v1/repos/r');

  it('is the user, as is the user of the URL', () => {
    expect(parseSshUser(keyId, bare)).toBe(keyId);
    expect(parseSshUser('a'.repeat(128), bare)).toBe('a'.repeat(128));
    expect(parseSshUser(undefined, parseDestinationUrl(`ssh://${keyId}@${aws}/v1/repos/r`))).toBe(keyId);
    expect(parseSshUser(keyId, parseDestinationUrl(`ssh://${keyId}@${aws}/v1/repos/r`))).toBe(keyId);
    expect(parseSshUser(undefined, plain)).toBe('git');
    expect(parseSshUser('deploy', parseDestinationUrl('ssh://example.org/r'))).toBe('deploy');
    expect(parseSshUser(undefined, parseDestinationUrl('ssh://root@127.0.0.1/v1/repos/r'))).toBe('root');
  });

  test.each([
    [undefined, bare, 'SSH_KEY_ID | SSH_KEY_ID is missing, and CODECOMMIT_URL carries no user.'],
    [
      'AIDAEIBAERJR2EXAMPLE',
      bare,
      'SSH_KEY_ID | SSH_KEY_ID is "AIDAEIBAERJR2EXAMPLE": it is the id of an IAM user, not the id of an SSH public key.',
    ],
    [
      'AKIAEIBAERJR2EXAMPLE',
      sandbox,
      'SSH_KEY_ID | SSH_KEY_ID is "AKIAEIBAERJR2EXAMPLE": it is an access key, not the id of an SSH public key.',
    ],
    [
      'ASIAEIBAERJR2EXAMPLE',
      bare,
      'SSH_KEY_ID | SSH_KEY_ID is "ASIAEIBAERJR2EXAMPLE": it is a temporary access key, not the id of an SSH public key.',
    ],
    [
      'APKA',
      bare,
      'SSH_KEY_ID | SSH_KEY_ID is "APKA": it does not have the form of a key id: 20 to 128 of A-Z a-z 0-9 _.',
    ],
    [
      'a'.repeat(129),
      sandbox,
      `SSH_KEY_ID | SSH_KEY_ID is "${'a'.repeat(120)}…": it does not have the form of a key id: 20 to 128 of A-Z a-z 0-9 _.`,
    ],
    [
      '-oProxyCommand=x',
      parseDestinationUrl('ssh://example.org/r'),
      'SSH_KEY_ID | SSH_KEY_ID is "-oProxyCommand=x": it is not a user name.',
    ],
    ['deploy', plain, 'SSH_KEY_ID | SSH_KEY_ID is "deploy", but CODECOMMIT_URL carries another user.'],
    [
      undefined,
      parseDestinationUrl(`ssh://me@${aws}/v1/repos/r`),
      'CODECOMMIT_URL | CODECOMMIT_URL carries a user: it does not have the form of a key id: 20 to 128 of A-Z a-z 0-9 _.',
    ],
  ])('%s', (id, destination, fault) => {
    expect(faultsOf(() => parseSshUser(id, destination))).toEqual([fault]);
  });

  it('is not quoted when it is a secret access key by its form', () => {
    const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
    expect(faultsOf(() => parseSshUser(secret, bare)).join()).not.toContain(secret);
  });
});
