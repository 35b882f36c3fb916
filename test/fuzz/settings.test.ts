import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect } from 'vitest';
import { collectFaults, type FaultCollection, SettingsError } from '../../src/faults';
import { parseDestinationUrl, toSshUrl } from '../../src/pipe/destinationUrl';
import { parseVariables } from '../../src/pipe/parseVariables';
import { parseRun } from '../../src/pipe/run';
import { findSecrets } from '../../src/pipe/secrets';
import { parseSourceProxy, parseSourceUrl } from '../../src/pipe/source';
import { variables } from '../../src/pipe/variables';
import { createKeyPair } from '../../src/sandbox/keys';
import { parseArmour } from '../../src/ssh/keyArmour';
import { namesHost, parseKnownHosts } from '../../src/ssh/knownHosts';
import { parsePrivateKey } from '../../src/ssh/privateKey';
import { run } from '../servers/git';
import { fuzz, mutated } from './mutate';

/** What a parser gives, or undefined when it adds a fault, which must say something; any error is a crash. */
function attempt<T>(parse: (faults: FaultCollection) => T | undefined): T | undefined {
  const faults = collectFaults();
  const found = parse(faults);
  expect(faults.faults.length > 0).toBe(found === undefined);
  for (const { message } of faults.faults) expect(message).not.toBe('');
  return found;
}

/** Nothing that git, ssh or a shell could take for an option, a transport or a command. */
const plainSsh = /^ssh:\/\/(\w[\w.+-]*@)?(\[[0-9a-f:.]+\]|[a-z0-9_][\w.-]*)(:\d{1,5})?\/[\w.~+=,@:/%-]+$/;

fuzz('URLs of destinations', (inputs) => {
  const samples = [
    'ssh://APKAEXAMPLEEXAMPLE12@git-codecommit.us-east-1.amazonaws.com/v1/repos/app',
    'codecommit::eu-west-1://app',
    'https://git-codecommit.cn-north-1.amazonaws.com.cn/v1/repos/app',
    'ssh://git@[::1]:2222/path/to/repo.git',
    'app',
  ];
  fc.assert(
    fc.property(mutated(samples), (value) => {
      const url = attempt((faults) => parseDestinationUrl(value, faults, { region: 'us-east-1' }));
      if (url === undefined) return;
      const ssh = toSshUrl(url, url.user ?? 'git');
      expect(ssh).toMatch(plainSsh);
      // What was understood is understood again, and as the same.
      const { host, port, path, repository } = url;
      expect(attempt((faults) => parseDestinationUrl(ssh, faults))).toMatchObject({
        host,
        port,
        path,
        repository,
      });
      if (url.aws) expect(host).toMatch(/amazonaws\.com(\.cn)?$/);
    }),
    inputs,
  );
});

fuzz('URLs of sources and proxies', (inputs) => {
  const samples = [
    'https://user:p%40ss@bitbucket.org/workspace/app.git',
    'ssh://git@bitbucket.org:22/workspace/app',
    'file:///srv/git/app.git',
    '/srv/git/app.git',
    'http://host.docker.internal:29418',
    'socks5h://127.0.0.1:1080',
  ];
  fc.assert(
    fc.property(mutated(samples), (value) => {
      const source = attempt((faults) => parseSourceUrl(value, faults));
      if (source !== undefined) {
        const { url, credentials } = source;
        expect(url).toMatch(
          /^(https?:\/\/[^@/\s]+\/\S+|ssh:\/\/\S+|file:\/\/\/[^/].*|file:\/\/\/|\/([^/].*)?)$/su,
        );
        expect(url).not.toMatch(/\p{Cc}/u);
        if (url.startsWith('ssh:')) expect(url).toMatch(plainSsh);
        if (url.startsWith('http')) expect(new URL(url).username + new URL(url).password).toBe('');
        expect(attempt((faults) => parseSourceUrl(url, faults))).toEqual({ url, credentials: undefined });
        if (credentials) expect(credentials.username + credentials.password).not.toMatch(/\p{Cc}/u);
      }
      const proxy = attempt((faults) => parseSourceProxy(value, faults));
      if (proxy !== undefined) expect(proxy.url).toMatch(/^(https?|socks[45][ah]?):\/\/[\w.:[\]-]+$/);
    }),
    inputs,
  );
});

fuzz('variables', (inputs) => {
  const samples = [
    'true',
    'false',
    'all',
    '10',
    '1',
    '9999',
    'release/*, refs/tags/v*',
    '$NAME',
    '${' + 'NAME}',
  ];
  const names = variables.map(({ name }) => name);
  const environment = fc.dictionary(
    fc.oneof(
      fc.constantFrom(...names, 'INCLUDE_COUNT', 'INCLUDE_0', 'KNOWN_HOSTS_COUNT', 'BITBUCKET_BRANCH'),
    ),
    mutated(samples),
    { maxKeys: 4 },
  );
  fc.assert(
    fc.property(environment, (env) => {
      const { values } = parseVariables(env);
      expect(['current', 'all']).toContain(values.REFS);
      expect(values.MAX_ATTEMPTS >= 1 && values.MAX_ATTEMPTS <= 99).toBe(true);
      expect(Number.isInteger(values.PRUNE_LIMIT) && values.PRUNE_LIMIT >= 0).toBe(true);
      for (const name of ['FORCE', 'PRUNE', 'BACKUP', 'DRY_RUN', 'DEBUG'] as const)
        expect(values[name]).toBe(env[name] === 'true');
      const ref = attempt((faults) => parseRun(env, '/', faults))?.ref;
      if (ref !== undefined)
        expect(ref).toMatch(/^refs\/heads\/(?!-)((?!\p{Cc})[^ ~^:?*[\\]|[\u0080-\u009f])+$/u);
      findSecrets(env);
    }),
    inputs,
  );
});

const key = `ssh-rsa ${createKeyPair().publicKey.split(' ')[1]}`;

fuzz('known_hosts: no line is taken whose key is not whole, and no name for another', async (inputs) => {
  const short = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIiSBkyVbQ8YRZCqAR0v9ZWOyFzSnyE7vCCgbXKBQvBH';
  const samples = [
    `github.com,140.82.121.4 ${short}\n[127.0.0.1]:2222 ${short} comment\n`,
    `|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= ${short}\n# no line\n@revoked *.example.com ${short}\n`,
    `host SHA256:${'A'.repeat(43)}\n*.example.com,!evil.example.com ${short}\n`,
  ];
  const texts: string[] = [];
  fc.assert(
    fc.property(mutated(samples), (text) => {
      const { lines, fingerprints, broken } = parseKnownHosts(text);
      const meant = text.split(/\r\n|\n|\r/).filter((line) => line.trim() !== '' && !/^\s*#/.test(line));
      expect(lines.length + fingerprints.length + broken.length).toBe(meant.length);
      for (const { keyType, key: base64, names } of lines) {
        const wire = Buffer.from(base64, 'base64');
        expect(wire.toString('base64')).toBe(base64);
        expect(wire.subarray(4, 4 + wire.readUInt32BE(0)).toString('latin1')).toBe(keyType);
        namesHost(names, 'host.example.com', 22);
      }
      if (texts.length < 60 && lines.length > 0 && !text.includes('\0')) texts.push(text);
    }),
    inputs,
  );
  await expectAsSshKeygen(texts);
});

/** Where we take a plain line for one about `github.com`, so does OpenSSH. */
async function expectAsSshKeygen(texts: readonly string[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'ccm-test-'));
  try {
    for (const text of texts) {
      const ours = parseKnownHosts(text).lines.some(
        ({ names, marker }) => marker === undefined && namesHost(names, 'github.com', 22),
      );
      await writeFile(join(folder, 'known_hosts'), text);
      const found = await run('ssh-keygen', folder, ['-F', 'github.com', '-f', join(folder, 'known_hosts')]);
      if (ours) expect([text, found.exitCode]).toEqual([text, 0]);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

fuzz('armour of private keys', (inputs) => {
  const { privateKey } = createKeyPair();
  const samples = [
    privateKey,
    Buffer.from(privateKey).toString('base64'),
    privateKey.replaceAll('\n', '\\n'),
    key,
  ];
  fc.assert(
    fc.property(mutated(samples), (text) => {
      const armour = parseArmour(text);
      if (typeof armour === 'string' || armour.encrypted) return;
      expect(armour.pem).toMatch(
        /^-----BEGIN ([A-Z ]*PRIVATE KEY)-----\n[A-Za-z0-9+/=\n]+-----END \1-----\n$/,
      );
    }),
    inputs,
  );
});

// Each of them that can be decoded signs and verifies, which takes its time.
fuzz('private keys: a damaged one is refused, or still is the same key', async (inputs) => {
  const pair = createKeyPair();
  await fc.assert(
    fc.asyncProperty(mutated([pair.privateKey]), async (text) => {
      try {
        const { publicKey } = await parsePrivateKey(text, { requireRsa: true });
        expect(publicKey).toBe(pair.publicKey);
      } catch (error) {
        if (!(error instanceof SettingsError)) throw error;
      }
    }),
    inputs,
  );
});
