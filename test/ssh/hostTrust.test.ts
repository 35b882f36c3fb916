import { describe, expect, it, test } from 'vitest';
import { publishedFingerprint } from '../../src/ssh/fingerprints';
import { decideHostTrust, findBrokenLines, type OriginName } from '../../src/ssh/hostTrust';
import { toFingerprint } from '../../src/ssh/knownHosts';
import { faultsOf, fullFaultsOf } from '../pipe/faultsOf';
import { makeKey } from './keys';

const [one, other, ed] = ['rsa -b 2048', 'rsa -b 2048', 'ed25519'].map(
  (type) => makeKey(`-t ${type}`).publicKey,
);
const host = 'git.example.org';

function fingerprintOf(publicKey: string | undefined, algorithm: 'sha256' | 'md5' = 'sha256') {
  return toFingerprint(publicKey?.split(' ')[1] ?? '', algorithm);
}

function decide(
  published: ReturnType<typeof fingerprintOf> | undefined,
  texts: Partial<Record<OriginName, string>>,
  port = 22,
) {
  const names = ['Pipelines', 'KNOWN_HOSTS', '~/.ssh/known_hosts'] as const;
  return decideHostTrust({
    host,
    port,
    published,
    origins: names.map((name) => ({ name, text: texts[name] ?? '' })),
  });
}

describe('a published fingerprint', () => {
  const published = fingerprintOf(one);

  it('is enough, and lines of the same key go with it', () => {
    expect(decide(published, {})).toEqual({ fingerprint: published, knownHosts: [] });
    expect(
      decide(published, {
        Pipelines: `[${host}]:22 ${one}`,
        KNOWN_HOSTS: `*.example.org ${one}\n${host} ${published}`,
      }),
    ).toEqual({ fingerprint: published, knownHosts: [`${host} ${one}`] });
  });

  it('is not touched by lines for other hosts or ports, by authorities, by what cannot be read, nor by other keys revoked', () => {
    const text = `elsewhere ${other}\n[${host}]:2222 ${other}\n@cert-authority ${host} ${other}\nbroken\n@revoked ${host} ${other}`;
    expect(decide(published, { Pipelines: text, KNOWN_HOSTS: text })).toEqual({
      fingerprint: published,
      knownHosts: [],
    });
  });

  test.each(['Pipelines', 'KNOWN_HOSTS', '~/.ssh/known_hosts'] as const)(
    'contradicted by %s is a fault',
    (origin) => {
      const [fault, ...more] = fullFaultsOf(() =>
        decide(published, { [origin]: `${host} ${one}\n${host} ${other}` }),
      );
      expect(more).toEqual([]);
      expect(fault).toMatchObject({
        variable: 'KNOWN_HOSTS',
        code: 'host-key-contradicted',
        message: `${origin} has a key for ${host} with the fingerprint ${fingerprintOf(other)}, but AWS published ${published}.`,
      });
      expect(fault?.remedy).toContain('remove the wrong entry');
    },
  );

  test.each([
    ['a fingerprint', `${host} ${fingerprintOf(other)}`],
    ['a key of another type', `${host} ${ed}`],
    ['a hidden pattern', `elsewhere,*.org ${other}`],
    ['a revocation', `@revoked * ${one}`],
  ])('contradicted by %s is a fault', (_what, text) => {
    expect(fullFaultsOf(() => decide(published, { KNOWN_HOSTS: text })).map(({ code }) => code)).toEqual([
      'host-key-contradicted',
    ]);
  });

  it('of MD5 is compared as MD5', () => {
    const md5 = fingerprintOf(one, 'md5');
    expect(decide(md5, { KNOWN_HOSTS: `${host} ${one}` })).toEqual({
      fingerprint: md5,
      knownHosts: [`${host} ${one}`],
    });
    expect(faultsOf(() => decide(md5, { KNOWN_HOSTS: `${host} ${other}` }))).toHaveLength(1);
    expect(faultsOf(() => decide(md5, { KNOWN_HOSTS: `@revoked ${host} ${one}` }))).toHaveLength(1);
    expect(faultsOf(() => decide(md5, { KNOWN_HOSTS: `${host} ${published}` }))).toEqual([
      `KNOWN_HOSTS | KNOWN_HOSTS has the fingerprint ${published} for ${host}, which can't be compared with the one that AWS published, ${md5}.`,
    ]);
  });
});

describe('without a published fingerprint', () => {
  it('every line of the host is trusted, once, whichever way it names the host', () => {
    expect(
      decide(undefined, { Pipelines: `[${host}]:22 ${one} x`, KNOWN_HOSTS: `${host} ${one}\n${host} ${ed}` }),
    ).toEqual({ fingerprint: undefined, knownHosts: [`${host} ${one}`, `${host} ${ed}`] });
    expect(decide(undefined, { KNOWN_HOSTS: `[${host}]:2222 ${one}` }, 2222).knownHosts).toEqual([
      `[${host}]:2222 ${one}`,
    ]);
  });

  it('one origin may have two keys while the host changes its own', () => {
    expect(
      decide(undefined, { Pipelines: `${host} ${one}\n${host} ${other}`, KNOWN_HOSTS: `${host} ${one}` })
        .knownHosts,
    ).toHaveLength(2);
  });

  it('a fingerprint of KNOWN_HOSTS is enough, and lines without it are not trusted', () => {
    const fingerprint = fingerprintOf(one);
    expect(decide(undefined, { KNOWN_HOSTS: `${host} ${fingerprint}` })).toEqual({
      fingerprint,
      knownHosts: [],
    });
    expect(
      decide(undefined, { KNOWN_HOSTS: `${host} ${fingerprint}\n${host} ${ed}\n${host} ${one}` }),
    ).toEqual({
      fingerprint,
      knownHosts: [`${host} ${one}`],
    });
  });

  it('no line is a fault that says how to get one', () => {
    const faults = fullFaultsOf(() =>
      decide(undefined, { Pipelines: `${host} ${one}`, KNOWN_HOSTS: `@revoked * ${one}` }, 2222),
    );
    expect(faults).toEqual([
      {
        variable: 'KNOWN_HOSTS',
        code: 'host-key-unknown',
        message:
          'The host key of [git.example.org]:2222 is not known: this version contains no fingerprint that AWS published for it, and no known_hosts line names it.',
        remedy:
          'Run `ssh-keyscan -t rsa -p 2222 git.example.org`. Compare the fingerprint of its output (`ssh-keyscan -t rsa -p 2222 git.example.org | ssh-keygen -lf -`) with the page "Server fingerprints for CodeCommit" in the AWS documentation, or ask the host\'s administrator. Then put the line into KNOWN_HOSTS, or the host into Repository settings > Pipelines > SSH keys > Known hosts. `[git.example.org]:2222 SHA256:<fingerprint>` in KNOWN_HOSTS works too.',
      },
    ]);
  });

  test.each([
    ['an authority', { KNOWN_HOSTS: `@cert-authority ${host} ${one}` }],
    ['a fingerprint outside KNOWN_HOSTS', { Pipelines: `${host} ${fingerprintOf(one)}` }],
    ['a line for another port', { Pipelines: `[${host}]:2222 ${one}` }],
  ])('%s alone is not enough', (_what, texts) => {
    expect(fullFaultsOf(() => decide(undefined, texts)).map(({ code }) => code)).toEqual([
      'host-key-unknown',
    ]);
  });

  test.each([
    ['two origins', { Pipelines: `${host} ${one}`, KNOWN_HOSTS: `${host} ${other}` }],
    [
      'a fingerprint and a line',
      { Pipelines: `${host} ${one}`, KNOWN_HOSTS: `${host} ${fingerprintOf(other)}` },
    ],
    ['two fingerprints', { KNOWN_HOSTS: `${host} ${fingerprintOf(one)}\n${host} ${fingerprintOf(other)}` }],
    ['a line and a revocation', { Pipelines: `${host} ${one}`, KNOWN_HOSTS: `@revoked ${host} ${one}` }],
    [
      'a fingerprint and a revocation',
      { KNOWN_HOSTS: `${host} ${fingerprintOf(one)}\n@revoked ${host} ${one}` },
    ],
  ])('%s that contradict one another are a fault', (_what, texts) => {
    expect(fullFaultsOf(() => decide(undefined, texts)).map(({ code }) => code)).toEqual([
      'host-key-contradicted',
    ]);
  });
});

it('a broken line of KNOWN_HOSTS is a fault with its number and beginning', () => {
  const [fault, ...more] = findBrokenLines(`# fine\n${host} ssh-rsa ${'A'.repeat(400)}=\n`);
  expect(more).toEqual([]);
  expect(fault?.message).toBe(
    `KNOWN_HOSTS, line 2: its key is damaged or not of the type ssh-rsa. The line is "git.example.org ssh-rsa ${'A'.repeat(36)}…".`,
  );
});

describe('the published table', () => {
  it('has the figures of AWS', () => {
    expect(publishedFingerprint('git-codecommit.us-east-1.amazonaws.com', 22)).toBe(
      'SHA256:eLMY1j0DKA4uvDZcl/KgtIayZANwX6t8+8isPtotBoY',
    );
    expect(publishedFingerprint('git-codecommit.us-gov-east-1.amazonaws.com', 22)).toBe(
      'MD5:00:8d:b5:55:6f:05:78:05:ed:ea:cb:3f:e6:f0:62:f2',
    );
    expect(publishedFingerprint('git-codecommit.il-central-1.amazonaws.com', 22)).toBeUndefined();
    expect(publishedFingerprint('git-codecommit.us-east-1.amazonaws.com', 2222)).toBeUndefined();
  });
});
