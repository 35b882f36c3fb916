import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createKeyPair } from '../../src/sandbox/keys';
import { type Bitbucket, openBitbucket } from '../servers/bitbucket';
import { grow } from '../servers/git';
import { type Liar, type LiarOptions, openLiar, say, sayMuch } from '../servers/liar';
import { type Measured, peakBytesAtMost, runMeasured } from './measure';
import { keyId, keyPair } from './world';

const hostKey = createKeyPair().privateKey;
const escapes = '\u001b[2J\u001b]0;owned\u0007\u009b31m\u202eevil\r';

function packet(text: string): string {
  return (Buffer.byteLength(text) + 4).toString(16).padStart(4, '0') + text;
}

/** What a receive-pack or upload-pack of an empty repository begins with. */
const nothing = `${packet(`${'0'.repeat(40)} capabilities^{}\0report-status delete-refs side-band-64k\n`)}0000`;

/** A line of a side band: 1 is the answer, 2 is for the user's eyes, 3 a fatal error (gitprotocol-pack(5)). */
function band(number: number, text: string): string {
  return packet(String.fromCharCode(number) + text);
}

interface Told extends Measured {
  readonly tip: string;
  readonly liar: Liar;
}

/** A true source with one branch, and at the other end the liar. */
async function mirrorTo(
  options: Omit<LiarOptions, 'hostKey'>,
  asked: Record<string, string> = {},
): Promise<Told> {
  const root = await mkdtemp(join(tmpdir(), 'ccm-test-'));
  let bitbucket: Bitbucket | undefined;
  await using liar = await openLiar({ hostKey, ...options });
  try {
    for (const name of ['bitbucket', 'home', 'tmp', 'step', 'ssh']) await mkdir(join(root, name));
    bitbucket = await openBitbucket({ root: join(root, 'bitbucket') });
    const tip = await grow(await bitbucket.createRepository('app'), 'main');
    await writeFile(join(root, 'ssh', 'id_rsa'), keyPair.privateKey);
    const run = await runMeasured(join(root, 'step'), {
      HOME: join(root, 'home'),
      TMPDIR: join(root, 'tmp'),
      BITBUCKET_GIT_HTTP_ORIGIN: bitbucket.url('app'),
      BITBUCKET_SSH_KEY_FILE: join(root, 'ssh', 'id_rsa'),
      SOURCE_PROXY: bitbucket.proxy,
      CODECOMMIT_URL: liar.url('app'),
      SSH_KEY_ID: keyId,
      KNOWN_HOSTS: liar.knownHosts,
      REFS: 'all',
      MAX_ATTEMPTS: '1',
      DEBUG: 'true',
      ...asked,
    });
    expect(await readdir(join(root, 'tmp'))).toEqual([]);
    expect(run.output).not.toMatch(/(?![\n\t])\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);
    expect(run.peakBytes).toBeGreaterThan(20 * 2 ** 20);
    expect(run.peakBytes).toBeLessThan(peakBytesAtMost);
    return { ...run, tip, liar };
  } finally {
    await bitbucket?.[Symbol.asyncDispose]();
    await rm(root, { recursive: true });
  }
}

test('a server that says ok and stores nothing: not mirrored, exit 1', async () => {
  const run = await mirrorTo({
    answer(channel, command) {
      if (command.startsWith('git-upload-pack')) return say(channel, nothing);
      channel.write(nothing);
      const report = `${packet('unpack ok\n')}${packet('ok refs/heads/main\n')}0000`;
      // The flush ends the commands, and the pack has an end of its own.
      channel.on('data', (chunk: Buffer) => {
        if (chunk.includes('PACK')) say(channel, `${band(1, report)}0000`);
      });
    },
  });
  expect(run.output).toContain('the server reported success, but the ref is unchanged');
  expect([run.exitCode, run.output]).toEqual([1, expect.stringContaining('[not-equal]')]);
});

test('a server that lists more than a million refs is refused', {
  tags: ['slow'],
}, async () => {
  const oid = 'a'.repeat(40);
  const run = await mirrorTo({
    async answer(channel) {
      channel.write(packet(`${oid} refs/heads/0\0report-status\n`));
      await sayMuch(channel, 2_001, (index) =>
        Array.from({ length: 500 }, (_, one) => packet(`${oid} refs/heads/b${index * 500 + one}\n`)).join(''),
      );
      say(channel, '0000');
    },
  });
  expect(run.output).toContain('The server lists more than 1000000 refs. Nothing was changed.');
  expect([run.exitCode, run.output]).toEqual([1, expect.stringContaining('[output-too-long]')]);
});

test('a server that talks on standard error without end', { tags: ['slow'] }, async () => {
  const run = await mirrorTo({
    answer: (channel) =>
      new Promise((done) => {
        const talk = () => {
          while (channel.stderr.writable && channel.stderr.write('Please wait. '.repeat(2_000)));
          if (channel.stderr.writable) channel.stderr.once('drain', talk);
        };
        channel.once('close', () => done());
        talk();
      }),
  });
  expect([run.exitCode, run.output]).toEqual([1, expect.stringContaining('[output-too-long]')]);
});

test.each([
  ['garbage', 'Welcome to the captive portal! Please log in.\n'],
  ['a length that is none', 'zzzz'],
  ['a packet that is cut off', '00ffhalf'],
  [
    'a ref that leads out of the repository',
    `${packet(`${'a'.repeat(40)} refs/heads/../../config\0\n`)}0000`,
  ],
  ['escape sequences in place of refs', `${packet(`${'a'.repeat(40)} refs/heads/${escapes}\0\n`)}0000`],
  ['a fatal error with escape sequences', packet(`ERR ${escapes}go away\n`)],
  ['nothing at all', ''],
])('a server that answers %s', async (_title, text) => {
  const run = await mirrorTo({ answer: (channel) => say(channel, text) });
  expect(run.exitCode).toBe(1);
  expect(run.output).toMatch(
    /✖ .*\[(not-git|destination-failed|connection-dropped|destination-not-found)\]/s,
  );
  // It was listed once, and not asked for anything more.
  expect(run.liar.commands).toEqual([expect.stringMatching(/^git-receive-pack /)]);
});

test('escape sequences in reasons, side bands, standard error and a banner reach no terminal', async () => {
  const run = await mirrorTo({
    banner: `${escapes}banner\n`,
    answer(channel, command) {
      channel.stderr.write(`${escapes}said on the side\n`);
      if (command.startsWith('git-upload-pack')) return say(channel, nothing);
      channel.write(nothing);
      const report = `${packet('unpack ok\n')}${packet(`ng refs/heads/main ${escapes}because\n`)}0000`;
      channel.on('data', (chunk: Buffer) => {
        if (chunk.includes('PACK')) say(channel, `${band(2, `${escapes}from afar\n`)}${band(1, report)}0000`);
      });
    },
  });
  expect(run.output).toContain('because');
  expect(run.output).toContain('from afar');
  expect([run.exitCode, run.output]).toEqual([1, expect.stringContaining('[ref-declined]')]);
});

test('a server that never ends its banner before the protocol begins', async () => {
  const run = await mirrorTo({
    answer: () => undefined,
    speak(socket) {
      const talk = () => {
        while (socket.writable && socket.write('Please wait.\r\n'.repeat(100)));
        if (socket.writable) socket.once('drain', talk);
      };
      talk();
    },
  });
  expect([run.exitCode, run.output]).toEqual([1, expect.stringMatching(/\[[a-z-]+\]/)]);
});

test('a banner of megabytes before the login is not printed, and does not fill our memory', {
  tags: ['slow'],
}, async () => {
  const run = await mirrorTo({
    banner: 'Please wait.\n'.repeat(18_000),
    answer: (channel) => say(channel, nothing),
  });
  expect(run.exitCode).toBe(1);
  expect(run.output.length).toBeLessThan(5_000);
});
