// @module-tag slow
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openCheckWorld } from './e2e/checkWorld';
import { keyId, keyPair, runProgram } from './e2e/world';
import { openSetupWorld } from './setup/world';

/** The commands in the documentation, run as they stand there, against servers of this machine in place of the real ones. */
const root = resolve(import.meta.dirname, '..');
const pages = ['README.md', 'docs/setup.md', 'docs/checking.md', 'docs/command-line.md'];

/** Each `codecommit-mirror …` of a page's shell blocks, as its arguments. */
function commandsOf(page: string): string[][] {
  const text = readFileSync(join(root, page), 'utf8');
  const blocks = [...text.matchAll(/^ *```sh\n(.*?)^ *```$/gms)].map(([, block = '']) => block);
  return blocks
    .flatMap((block) => block.replaceAll(/\\\n\s*/g, '').split('\n'))
    .map((line) => line.replace(/ +# .*$/, '').trim())
    .flatMap((line) => /^(?:npx )?codecommit-mirror (.*)$/.exec(line)?.[1] ?? [])
    .map((line) => line.split(/\s+/));
}

const all = pages.flatMap((page) =>
  commandsOf(page).map((args) => [`${page}: ${args.join(' ')}`, args] as const),
);
const of = (...names: string[]) => all.filter(([, [command = '']]) => names.includes(command));

test('each command of the documentation is run here, or by the test of the package', () => {
  expect(of('setup').length).toBeGreaterThan(4);
  expect(of('mirror', 'check').length).toBeGreaterThan(4);
  // Those of the fleet are run in test/fleet/command/.
  const others = all.filter((each) => !of('setup', 'mirror', 'check', 'fleet').includes(each));
  expect(others.map(([, args]) => args)).toEqual([['demo'], ['demo']]);
});

describe('setup', () => {
  test.each(of('setup'))('%s', async (_title, [, ...flags]) => {
    await using world = await openSetupWorld();
    const before = structuredClone(world.aws.state.users);
    const { exitCode, output } = await world.setup([
      ...flags.filter((flag) => flag !== '--dry-run'),
      '--dry-run',
    ]);
    expect(exitCode, output).toBe(0);
    expect(output).toContain('Dry run: nothing was changed.');
    expect(world.takeWrites()).toEqual([]);
    expect(world.aws.state.users).toEqual(before);
  });
});

describe('mirror and check', () => {
  test.each(of('mirror', 'check'))('%s', async (_title, [command = '', ...flags]) => {
    const isSsh = flags.some((flag) => flag.startsWith('ssh://'));
    await using place = await openCheckWorld(isSsh ? 'sandbox' : 'https');
    const { world } = place;
    const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...variables } = world.variables;
    const [keyFile, credentials] = [join(world.root, 'key'), join(world.root, 'credentials')];
    await writeFile(keyFile, keyPair.privateKey, { mode: 0o600 });
    const keys = `aws_access_key_id = ${AWS_ACCESS_KEY_ID}\naws_secret_access_key = ${AWS_SECRET_ACCESS_KEY}\n`;
    await writeFile(credentials, `[work]\n${keys}[admin]\n${keys}`);
    const toReal = (flag: string) => {
      if (/^(ssh|codecommit:):\/\/|^codecommit::/.test(flag)) return variables['CODECOMMIT_URL'] ?? '';
      return flag === '~/.ssh/codecommit_rsa' ? keyFile : flag.replace('APKAEXAMPLEEXAMPLE12', keyId);
    };
    const { CODECOMMIT_URL: _url, SSH_KEY_ID: _id, SSH_KEY: _key, ...rest } = variables;
    const aws = {
      AWS_SHARED_CREDENTIALS_FILE: credentials,
      AWS_EC2_METADATA_DISABLED: 'true',
      // IAM is away: the mirror does not need it.
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    };
    const args = [command, ...flags.map(toReal)];
    const clone = await world.clone({ kind: 'branch', depth: 'full' });
    const before = await world.destinationRefs();
    const env = { ...clone.env, ...rest, ...aws, HOME: world.home, TMPDIR: world.temporary, NO_COLOR: '1' };
    const { exitCode, output } = await runProgram('cli', args, clone.dir, env);
    expect(exitCode, output).toBe(0);
    expect(output).toMatch(
      /^✔ (Everything is in place, and both sides are equal|Dry run: |Mirrored: |Nothing to do|.*equal)/m,
    );
    expect(await world.destinationRefs()).toEqual(before);
  });
});
