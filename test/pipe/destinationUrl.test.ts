import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { collectFaults, orThrow } from '../../src/faults';
import { type DestinationUrl, parseDestinationUrl, toSshUrl } from '../../src/pipe/destinationUrl';
import { parseSshUser } from '../../src/pipe/sshUser';
import { isRegion } from '../../src/remote/region';
import { faultsOf, fullFaultsOf } from './faultsOf';

const aws = 'git-codecommit.us-east-1.amazonaws.com';
const keyId = 'APKAEIBAERJR2EXAMPLE';

function parse(value: string, region?: string): DestinationUrl {
  return orThrow((faults) => parseDestinationUrl(value, faults, { region }));
}

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
    const destination = parse(value, region);
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
      'ends in a slash, which breaks the connection to CodeCommit; remove it',
    ],
    [`ssh://${aws}/v1/repos/my-repo.git`, 'ends in .git, which CodeCommit does not allow; remove it'],
    ['ssh://127.0.0.1:2222/v1/repos/r.git', 'ends in .git, which CodeCommit does not allow; remove it'],
    [
      `ssh://${aws}/v1/repos/a/b`,
      'has an invalid repository name: CodeCommit allows 1 to 100 of A-Z a-z 0-9 . _ -',
    ],
    [
      `ssh://${aws}/v1/repos/`,
      'has an invalid repository name: CodeCommit allows 1 to 100 of A-Z a-z 0-9 . _ -',
    ],
    [
      `ssh://${aws}/v1/repos/..`,
      'has an invalid repository name: CodeCommit allows 1 to 100 of A-Z a-z 0-9 . _ -',
    ],
    [`ssh://${aws}/my-repo`, 'does not have the path /v1/repos/<name>'],
    [`ssh://${aws}`, 'does not have the path /v1/repos/<name>'],
    [`ssh://${aws}:2222/v1/repos/r`, 'has port 2222; CodeCommit uses port 22 for SSH'],
    [
      'ssh://git-codecommit-fips.us-east-1.amazonaws.com/v1/repos/r',
      `has a FIPS host, which supports HTTPS only; over SSH the host is ${aws}`,
    ],
    [
      'https://git-codecommit-fips.us-east-1.amazonaws.com/v1/repos/r',
      `has a FIPS host, which supports HTTPS only; over SSH the host is ${aws}`,
    ],
    [
      'ssh://git-codecommit.cn-north-1.amazonaws.com/v1/repos/r',
      'has the wrong domain: the host of region cn-north-1 is git-codecommit.cn-north-1.amazonaws.com.cn',
    ],
    [`ssh://${aws}.cn/v1/repos/r`, `has the wrong domain: the host of region us-east-1 is ${aws}`],
    [
      'ssh://codecommit.us-east-1.amazonaws.com/v1/repos/r',
      'has the host codecommit.us-east-1.amazonaws.com; the git host is git-codecommit.<region>.amazonaws.com',
    ],
    [
      'codecommit::us-east-1://prod@r',
      'names a profile, which only git-remote-codecommit can use; remove the part before the @',
    ],
    ['codecommit:us-east-1://r', 'is not of the form codecommit::<region>://<name>'],
    ['codecommit://r', 'contains no region: use codecommit::<region>://<name>, or set AWS_DEFAULT_REGION'],
    [
      'https://us-east-1.console.aws.amazon.com/codesuite/codecommit/repositories/r',
      'is the web page of the repository, not its clone URL',
    ],
    ['https://github.com/team/repo', 'is an HTTPS URL of a host other than CodeCommit; use ssh://'],
    ['git://example.org/r', 'has an unsupported scheme; use ssh://'],
    ['git@example.org:team/repo', 'is not a URL; write git@host:path as ssh://git@host/path'],
    ['ext::sh -c true', 'contains white space'],
    ['ext::sh', 'is not a URL; write git@host:path as ssh://git@host/path'],
    ['ssh://-oProxyCommand=x/r', 'has no valid host name'],
    ['ssh://-x@example.org/r', 'has no valid user name before the @'],
    ['ssh:///r', 'has no valid host name'],
    ['ssh://example.org:0/r', 'has no valid port (1 to 65535)'],
    ['ssh://example.org:65536/r', 'has no valid port (1 to 65535)'],
    ['ssh://example.org:/r', 'has no valid port (1 to 65535)'],
    ['ssh://example.org/', 'has no path, or one with characters other than A-Z a-z 0-9 . _ ~ + = , : / -'],
    ['ssh://example.org', 'has no path, or one with characters other than A-Z a-z 0-9 . _ ~ + = , : / -'],
    ['ssh://example.org/r?x=1', 'contains a ? or #'],
    ['ssh://example.org/r#x', 'contains a ? or #'],
    ['ssh://example.org/%2e%2e/r', 'contains a percent sign: percent-encoding is not supported here'],
    [
      `ssh://git-codecommit.$AWS_REGION.amazonaws.com/v1/repos/r`,
      'contains a $: a variable in it was not replaced by its value',
    ],
    ['-my-repo', 'begins with a dash'],
    [`${'r'.repeat(101)}`, 'has a repository name of 101 characters; CodeCommit allows 100'],
  ])('%s', (value, what) => {
    const [fault, ...more] = faultsOf((faults) => parseDestinationUrl(value, faults));
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
      const [fault] = faultsOf((faults) => parseDestinationUrl(url, faults));
      expect(fault).toContain('"***@');
      expect(fault).not.toContain('hunter2');
    }
  });

  it('says what is wrong, what is expected and what to do', () => {
    expect(
      fullFaultsOf((faults) => parseDestinationUrl(`ssh://${aws}/v1/repos/my-repo.git`, faults)),
    ).toEqual([
      {
        variable: 'CODECOMMIT_URL',
        code: 'variables-invalid',
        message: `CODECOMMIT_URL is "ssh://${aws}/v1/repos/my-repo.git": it ends in .git, which CodeCommit does not allow; remove it.`,
        remedy:
          'Use ssh://git-codecommit.<region>.amazonaws.com/v1/repos/<name> (in the CodeCommit console: Clone URL > Clone SSH), codecommit::<region>://<name>, the HTTPS URL from the console, a bare <name> with AWS_DEFAULT_REGION, or ssh://<host>[:<port>]/<path> for another git server.',
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
      'AWS_DEFAULT_REGION | AWS_DEFAULT_REGION names the region "useast1", which is not a valid AWS region.',
    ],
    [
      'codecommit::useast1://r',
      undefined,
      'CODECOMMIT_URL | CODECOMMIT_URL names the region "useast1", which is not a valid AWS region.',
    ],
  ])('%s with region %s', (value, region, fault) => {
    expect(faultsOf((faults) => parseDestinationUrl(value, faults, { region }))).toEqual([fault]);
  });

  test.each([`ssh://${aws}/v1/repos/r`, 'codecommit::us-east-1://r'])(
    'AWS_DEFAULT_REGION of the shell says nothing of %s, which names its region',
    (value) => expect(parse(value, 'eu-west-1').region).toBe('us-east-1'),
  );

  test('the address of the browser is told from the clone URL, which is given', () => {
    const page =
      'https://eu-west-1.console.aws.amazon.com/codesuite/codecommit/repositories/r/browse?region=eu-west-1';
    expect(faultsOf((faults) => parseDestinationUrl(page, faults))).toEqual([
      `CODECOMMIT_URL | CODECOMMIT_URL is "${page}": it is the web page of the repository, not its clone URL; use codecommit::eu-west-1://r.`,
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
    return parseDestinationUrl(value, collectFaults(), { region: 'us-east-1' });
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
        expect(parse(url)).toEqual({ ...destination, user: 'user' });
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
        expect(parse(`codecommit::${where}://${repository}`)).toMatchObject({
          repository,
          region: where,
        });
      }),
    );
  });
});

describe('SSH_KEY_ID', () => {
  const bare = parse(`ssh://${aws}/v1/repos/r`);
  const plain = parse('ssh://git@example.org/r');
  const sandbox = parse('ssh://127.0.0.1:2222/v1/repos/r');

  it('is the user, as is the user of the URL', () => {
    expect(orThrow((faults) => parseSshUser(keyId, bare, faults))).toBe(keyId);
    expect(orThrow((faults) => parseSshUser('a'.repeat(128), bare, faults))).toBe('a'.repeat(128));
    expect(
      orThrow((faults) => parseSshUser(undefined, parse(`ssh://${keyId}@${aws}/v1/repos/r`), faults)),
    ).toBe(keyId);
    expect(orThrow((faults) => parseSshUser(keyId, parse(`ssh://${keyId}@${aws}/v1/repos/r`), faults))).toBe(
      keyId,
    );
    expect(orThrow((faults) => parseSshUser(undefined, plain, faults))).toBe('git');
    expect(orThrow((faults) => parseSshUser('deploy', parse('ssh://example.org/r'), faults))).toBe('deploy');
    expect(
      orThrow((faults) => parseSshUser(undefined, parse('ssh://root@127.0.0.1/v1/repos/r'), faults)),
    ).toBe('root');
  });

  test.each([
    [undefined, bare, 'SSH_KEY_ID | SSH_KEY_ID is missing, and CODECOMMIT_URL contains no user.'],
    [
      'AIDAEIBAERJR2EXAMPLE',
      bare,
      'SSH_KEY_ID | SSH_KEY_ID is "AIDAEIBAERJR2EXAMPLE": it is the ID of an IAM user, not the ID of an SSH public key.',
    ],
    [
      'AKIAEIBAERJR2EXAMPLE',
      sandbox,
      'SSH_KEY_ID | SSH_KEY_ID is "AKIAEIBAERJR2EXAMPLE": it is an access key, not the ID of an SSH public key.',
    ],
    [
      'ASIAEIBAERJR2EXAMPLE',
      bare,
      'SSH_KEY_ID | SSH_KEY_ID is "ASIAEIBAERJR2EXAMPLE": it is a temporary access key, not the ID of an SSH public key.',
    ],
    [
      'APKA',
      bare,
      'SSH_KEY_ID | SSH_KEY_ID is "APKA": it does not have the form of a key ID: 20 to 128 of A-Z a-z 0-9 _.',
    ],
    [
      'a'.repeat(129),
      sandbox,
      `SSH_KEY_ID | SSH_KEY_ID is "${'a'.repeat(120)}…": it does not have the form of a key ID: 20 to 128 of A-Z a-z 0-9 _.`,
    ],
    [
      '-oProxyCommand=x',
      parse('ssh://example.org/r'),
      'SSH_KEY_ID | SSH_KEY_ID is "-oProxyCommand=x": it is not a user name.',
    ],
    ['deploy', plain, 'SSH_KEY_ID | SSH_KEY_ID is "deploy", but CODECOMMIT_URL contains another user.'],
    [
      undefined,
      parse(`ssh://me@${aws}/v1/repos/r`),
      'CODECOMMIT_URL | CODECOMMIT_URL contains a user: it does not have the form of a key ID: 20 to 128 of A-Z a-z 0-9 _.',
    ],
  ])('%s', (id, destination, fault) => {
    expect(faultsOf((faults) => parseSshUser(id, destination, faults))).toEqual([fault]);
  });

  it('is not quoted when it is a secret access key by its form', () => {
    const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
    expect(faultsOf((faults) => parseSshUser(secret, bare, faults)).join()).not.toContain(secret);
  });
});
