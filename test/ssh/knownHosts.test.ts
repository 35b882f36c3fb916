import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { namesHost, parseKnownHosts, toFingerprint } from '../../src/ssh/knownHosts';
import { makeFolder } from './keys';

// The one host key of CodeCommit whose fingerprints AWS published and that is found whole in public.
const key =
  'AAAAB3NzaC1yc2EAAAADAQABAAABAQCdut7aOM5Zh16OJ+GOP75O7x5oyHKAiA1ieuySetj/hAq4VrAuZV5R2TypZJcKBaripOtTc/Sr0FOU4YvxUla40PPH8N1lbDp6Pnc4BexKsrt2kz++TqIKx5FHmUQV3mit16kxRwHey3dv030+qXBDo3WPQjm2+JLoq0XcadpnCAMCd3ChaBnDRM+51GZbuEFilpZsxUchUzl0gseC+shYOBd7TqxTlIhj/56d/YF1kq7RMZYrwBnyYdVhpLeUJCeYjyx/O6FPSezNTLiinz5jjioWZATgn+G8feL/hIsk8g+7JoIcb2muUlymdxs+8l2lS+8MXqT0q9ohT+Knhb2j';

it('gives fingerprints as ssh-keygen does', () => {
  expect(toFingerprint(key, 'sha256')).toBe('SHA256:eLMY1j0DKA4uvDZcl/KgtIayZANwX6t8+8isPtotBoY');
  expect(toFingerprint(key, 'md5')).toBe('MD5:a6:9c:7d:bc:35:f5:d4:5f:8b:ba:6f:c8:bc:d4:83:84');
});

describe('lines', () => {
  it('are read with marker, names, type and key', () => {
    const text = `# a comment\r\n\n  host,10.0.0.1 ssh-rsa ${key} someone@somewhere\r\n\t@revoked * ssh-rsa ${key}\n@cert-authority *.example.org ssh-rsa ${key}\nnew SHA256:${'a'.repeat(43)}\n`;
    const { lines, fingerprints, broken } = parseKnownHosts(text);
    expect(lines.map(({ marker, names, keyType }) => [marker, names, keyType])).toEqual([
      [undefined, 'host,10.0.0.1', 'ssh-rsa'],
      ['revoked', '*', 'ssh-rsa'],
      ['cert-authority', '*.example.org', 'ssh-rsa'],
    ]);
    expect(new Set(lines.map((line) => line.key))).toEqual(new Set([key]));
    expect(fingerprints).toEqual([{ names: 'new', fingerprint: `SHA256:${'a'.repeat(43)}` }]);
    expect(broken).toEqual([]);
  });

  test.each([
    ['host', 'the key is missing'],
    ['host ssh-rsa', 'the key is missing'],
    [`@revoke host ssh-rsa ${key}`, 'the marker @revoke does not exist'],
    [`host ssh-ed25519 ${key}`, 'its key is damaged or not of the type ssh-ed25519'],
    [`host ssh-rsa ${key.slice(0, -1)}`, 'its key is damaged or not of the type ssh-rsa'],
    [`host ssh-rsa ${key}\\nhost2`, 'its key is damaged or not of the type ssh-rsa'],
    ['host ssh-rsa AAAA', 'its key is damaged or not of the type ssh-rsa'],
    ['host ssh-rsa /////w==', 'its key is damaged or not of the type ssh-rsa'],
    ['host SHA256:abc', 'a fingerprint is SHA256: and 43 characters of base64'],
    [
      'host MD5:a6:9c:7d:bc:35:f5:d4:5f:8b:ba:6f:c8:bc:d4:83:84',
      'a fingerprint is SHA256: and 43 characters of base64',
    ],
    [`host SHA256:${'a'.repeat(43)} ssh-rsa`, 'nothing may follow a fingerprint'],
    [`@revoked host SHA256:${'a'.repeat(43)}`, 'a marker needs a key, not a fingerprint'],
    [`|1|abc|def ssh-rsa ${key}`, 'its hashed host name is damaged'],
  ])('%s is broken', (line, reason) => {
    expect(parseKnownHosts(line)).toEqual({
      lines: [],
      fingerprints: [],
      broken: [{ lineNumber: 1, line, reason }],
    });
  });

  it('of any text are read without an exception, each as one thing or as nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { lines, fingerprints, broken } = parseKnownHosts(text);
        expect(lines.length + fingerprints.length + broken.length).toBeLessThanOrEqual(
          text.split(/[\r\n]/).length,
        );
      }),
    );
  });
});

describe('names', () => {
  test.each([
    ['host', 'host', 22, true],
    ['HOST', 'host', 22, true],
    ['host', 'host', 2222, false],
    ['host', 'host2', 22, false],
    ['[host]:22', 'host', 22, true],
    ['[host]:2222', 'host', 2222, true],
    ['[host]:2222', 'host', 22, false],
    ['other,host', 'host', 22, true],
    ['*.example.org', 'a.example.org', 22, true],
    ['*.example.org', 'example.org', 22, false],
    ['h?st', 'host', 22, true],
    ['*,!host', 'host', 22, false],
    ['!host,*', 'other', 22, true],
    ['!other', 'host', 22, false],
    ['h.st', 'host', 22, false],
    ['??*', 'h', 22, false],
    ['*22', 'host', 22, false],
    ['[*]:22', 'host', 22, true],
    ['*,![host]:22', 'host', 22, false],
    ['[*]:2222', 'host', 2222, true],
    ['', 'host', 22, false],
    ['::1', '::1', 22, true],
    ['[::1]:2222', '::1', 2222, true],
  ])('%s names %s on port %d: %s', (names, host, port, expected) => {
    expect(namesHost(names, host, port)).toBe(expected);
  });

  /** Whether OpenSSH itself finds a line for the host. */
  function isFoundByOpenSsh(line: string, lookup: string): boolean {
    using folder = makeFolder();
    const file = join(folder.path, 'known_hosts');
    writeFileSync(file, `${line}\n`);
    try {
      return execFileSync('ssh-keygen', ['-F', lookup, '-f', file], { stdio: 'pipe' }).length > 0;
    } catch {
      return false;
    }
  }

  it('match as OpenSSH matches them', () => {
    const patterns = fc.array(fc.stringMatching(/^!?[ab*?]{1,4}$/), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(patterns, fc.stringMatching(/^[ab]{1,3}$/), (names, host) => {
        const found = isFoundByOpenSsh(`${names.join(',')} ssh-rsa ${key}`, host);
        expect(namesHost(names.join(','), host, 22)).toBe(found);
      }),
      { numRuns: 60 },
    );
  });

  it('hashed by OpenSSH are recognised', () => {
    using folder = makeFolder();
    const file = join(folder.path, 'known_hosts');
    writeFileSync(file, `host.example.org ssh-rsa ${key}\n[host.example.org]:2222 ssh-rsa ${key}\n`);
    execFileSync('ssh-keygen', ['-H', '-f', file], { stdio: 'pipe' });
    const text = execFileSync('cat', [file], { encoding: 'utf8' });
    const { lines, broken } = parseKnownHosts(text);
    expect(text).not.toContain('example');
    expect(broken).toEqual([]);
    expect(lines.map(({ names }) => namesHost(names, 'host.example.org', 22))).toEqual([true, false]);
    expect(lines.map(({ names }) => namesHost(names, 'host.example.org', 2222))).toEqual([false, true]);
    expect(lines.some(({ names }) => namesHost(names, 'other.example.org', 22))).toBe(false);
  });

  it('cannot be made slow by patterns', () => {
    // Tried by backtracking, this pattern takes longer than the universe has existed.
    expect(namesHost('*a'.repeat(5000), `${'a'.repeat(250)}b`, 22)).toBe(false);
  });

  it('of any text are matched without an exception', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (names, host) => {
        expect(typeof namesHost(names, host, 22)).toBe('boolean');
      }),
    );
  });
});
