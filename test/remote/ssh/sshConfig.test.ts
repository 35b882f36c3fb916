import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHostBlock } from '../../../src/remote/ssh/sshConfig';
import { replaceOwnBlock } from '../../../src/ssh/ownBlock';
import { openFolder } from '../../servers/folder';
import { run } from '../../servers/git';

const options = {
  host: 'git-codecommit.eu-west-1.amazonaws.com',
  port: 22,
  user: 'APKAEXAMPLEEXAMPLE12',
  sha1: true,
  refusedKeyTypes: [],
  identityFile: '/tmp/a folder/100%/id_rsa',
  knownHostsFile: '/root/.ssh/known_hosts',
  fingerprint: undefined,
  controlPath: '/tmp/a folder/100%/c',
  quiet: false,
};

/** What ssh itself makes of a configuration for a host: keyword in lower case → value. */
async function readAsSsh(config: string, host: string): Promise<Map<string, string>> {
  await using folder = await openFolder();
  const file = join(folder.path, 'config');
  await writeFile(file, config);
  const ended = await run('ssh', '/', ['-T', '-G', '-F', file, '--', host]);
  expect({ ...ended, stdout: '' }).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  const lines = ended.stdout.trimEnd().split('\n');
  return new Map(lines.map((line) => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1)]));
}

describe('the block of a host, as ssh reads it,', () => {
  test('checks the host key strictly, asks nobody, and offers one key', async () => {
    const read = await readAsSsh(toHostBlock(options), options.host);
    const keywords = ['user', 'batchmode', 'stricthostkeychecking', 'identitiesonly', 'updatehostkeys'];
    expect(keywords.map((keyword) => read.get(keyword))).toEqual([
      options.user,
      'yes',
      'true',
      'yes',
      'false',
    ]);
    expect(read.get('globalknownhostsfile')).toBe('none');
    expect(read.get('hostkeyalgorithms')).toMatch(/,ssh-rsa$/);
    expect(read.get('forwardagent')).toBe('no');
  });

  test('finds files in folders with spaces and per cent signs', async () => {
    const read = await readAsSsh(toHostBlock(options), options.host);
    expect(read.get('userknownhostsfile')).toBe('/root/.ssh/known_hosts');
    expect(read.get('controlpath')).toBe('/tmp/a folder/100%/c');
  });

  test('says nothing of other hosts, and leaves the lines below it their meaning', async () => {
    const read = await readAsSsh(`${toHostBlock(options)}User ada\nPort 2222\n`, 'example.com');
    expect([read.get('user'), read.get('port'), read.get('hostkeyalgorithms')?.endsWith(',ssh-rsa')]).toEqual(
      ['ada', '2222', false],
    );
  });

  test('allows SHA-1 for CodeCommit alone, and leaves out the key types that were refused', async () => {
    const ofOthers = await readAsSsh(toHostBlock({ ...options, sha1: false }), options.host);
    for (const keyword of ['hostkeyalgorithms', 'pubkeyacceptedalgorithms'])
      expect(ofOthers.get(keyword)?.split(',')).not.toContain('ssh-rsa');
    const refusedKeyTypes = ['ssh-ed25519', 'ecdsa-sha2-nistp256'];
    const read = await readAsSsh(toHostBlock({ ...options, sha1: false, refusedKeyTypes }), options.host);
    expect(read.get('hostkeyalgorithms')).toMatch(/rsa-sha2-512/);
    expect(read.get('hostkeyalgorithms')).not.toMatch(/(^|,)(ssh-ed25519|ecdsa-sha2-nistp256)/);
    const withoutRsa = { ...options, sha1: false, refusedKeyTypes: ['ssh-rsa'] };
    expect((await readAsSsh(toHostBlock(withoutRsa), options.host)).get('hostkeyalgorithms')).not.toMatch(
      /rsa/,
    );
  });

  test('finds files in folders with quotes and backslashes', async () => {
    const folder = '/tmp/a "quoted\\ folder';
    const files = { identityFile: `${folder}/id_rsa`, controlPath: `${folder}/s` };
    const read = await readAsSsh(toHostBlock({ ...options, ...files }), options.host);
    expect([read.get('identityfile'), read.get('controlpath')]).toEqual([
      files.identityFile,
      files.controlPath,
    ]);
  });

  test('is silent about the key exchange, whether or not this ssh knows the option', async () => {
    const block = toHostBlock({ ...options, quiet: true });
    const read = await readAsSsh(block, options.host);
    expect(read.get('ignoreunknown')).toBe('WarnWeakCrypto');
    // What ssh 10.1 reads is not what an older one prints.
    expect([undefined, 'no-pq-kex']).toContain(read.get('warnweakcrypto'));
    expect(block).toMatch(/^ {2}IgnoreUnknown WarnWeakCrypto\n {2}WarnWeakCrypto no-pq-kex\n/m);
  });

  test("in a user's own file, leaves the options that the user has ssh ignore", async () => {
    const own = 'IgnoreUnknown UseKeychain\nUseKeychain yes\nPort 2222\n';
    const read = await readAsSsh(`${toHostBlock(options)}${own}`, options.host);
    expect(read.get('port')).toBe('2222');
  });

  test('does without a socket whose path would be too long', async () => {
    const read = await readAsSsh(toHostBlock({ ...options, controlPath: undefined }), options.host);
    expect([read.get('controlmaster'), read.get('controlpath')]).toEqual(['false', undefined]);
  });

  test.each(['SHA256:ABC/+', 'MD5:00:11:22'])(
    'hands the offered key to a command that expects %s',
    async (fingerprint) => {
      const read = await readAsSsh(toHostBlock({ ...options, fingerprint }), options.host);
      expect(read.get('knownhostscommand')).toContain(fingerprint);
      expect(read.get('fingerprinthash')).toBe(fingerprint.startsWith('MD5') ? 'MD5' : 'SHA256');
    },
  );
});

/** Lines that others write, marker-like ones among them. */
const line = fc.oneof(
  fc.string({ maxLength: 20 }).filter((text) => !/[\r\n]/.test(text)),
  fc.constantFrom('Host *', '# codecommit-mirror begin other', '# codecommit-mirror end other', ''),
);
const text = fc.array(line, { maxLength: 8 }).map((lines) => lines.map((each) => `${each}\n`).join(''));

test('putting a block into any file twice is the same as once, and what else is there stays in its order', () => {
  fc.assert(
    fc.property(text, text, (file, block) => {
      const once = replaceOwnBlock(file, 'host', block);
      expect(replaceOwnBlock(once, 'host', block)).toBe(once);
      expect(once.endsWith(file)).toBe(true);
    }),
  );
});

test('a new block takes the place of the old one', () => {
  fc.assert(
    fc.property(text, text, text, (file, old, block) => {
      const replaced = replaceOwnBlock(replaceOwnBlock(file, 'host', old), 'host', block);
      expect(replaced).toBe(replaceOwnBlock(file, 'host', block));
    }),
  );
});
