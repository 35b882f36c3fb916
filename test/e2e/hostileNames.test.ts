import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { git, gitWith, grow, run } from '../servers/git';
import { describeServers } from './servers';
import { openWorld, serverNames, type World } from './world';

/** 250 bytes of UTF-8 in one component: a file system takes 255. */
const long = `${'ü€𝄞'.repeat(27)}abcdefg`;

/** Names of branches that git allows and that a shell, an option parser, a glob or a terminal could stumble over. */
const names: readonly string[] = [
  '-x',
  '--upload-pack=touch-canary',
  '-oProxyCommand=touch-canary',
  'a;touch-canary',
  "quote'touch-canary'",
  'quote"touch-canary"',
  '$(touch-canary)',
  '$' + '{IFS}touch-canary',
  '`touch-canary`',
  'a&&touch-canary|touch-canary',
  'a>touch-canary',
  '%s%n%00',
  '!touch-canary',
  '#comment',
  '=equals',
  '+plus',
  'comma,brace{a,b}',
  'HEAD',
  'FETCH_HEAD',
  'refs/heads/x',
  'refs/tags/x',
  'heads/x',
  'tags/x',
  'case',
  'Case',
  'CASE',
  'é',
  'e\u0301',
  'bidi\u202eevil',
  'c1\u009b31m',
  'next\u0085line',
  'line\u2028separator',
  'zero\u200bwidth',
  'a'.repeat(40),
  'x.y',
  'x@y',
  `${'deep/'.repeat(19)}x`,
  long,
];

async function createRefs(world: World): Promise<void> {
  const tip = await grow(world.source, 'main');
  // CodeCommit takes no branch of 40 hexadecimal digits; as a tag it is fine.
  const branches = names.filter((name) => !/^a{40}$/.test(name)).map((name) => `refs/heads/${name}`);
  const refs = [...branches, ...names.map((name) => `refs/tags/${name}`)];
  await gitWith(
    { input: refs.map((ref) => `create ${ref} ${tip}\n`).join('') },
    world.source,
    'update-ref',
    '--stdin',
  );
}

async function mirrorAll(world: World, asked: Record<string, string | undefined> = {}) {
  const dir = join(world.root, 'step');
  await mkdir(dir, { recursive: true });
  const env = { BITBUCKET_GIT_HTTP_ORIGIN: world.bitbucket.url('app') };
  const ended = await world.pipe({ dir, env }, { REFS: 'all', DEBUG: 'true', ...asked });
  expect(await readdir(dir)).toEqual([]);
  expect(await readdir(world.temporary)).toEqual([]);
  return ended;
}

describeServers(serverNames, 'over %s', (server) => {
  test('branches and tags of hostile names are made, moved and deleted as any other', async () => {
    await using world = await openWorld(server);
    await createRefs(world);
    expect(new TextEncoder().encode(long).length).toBe(250);
    const made = await mirrorAll(world);
    expect([made.exitCode, made.output]).toEqual([0, expect.stringContaining(' Mirrored: ')]);
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
    // Nothing of a name that could move a terminal is printed.
    expect(made.output).not.toMatch(/(?![\n\t])\p{Cc}|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u);

    const tip = await grow(world.source, 'main');
    const update = names
      .filter((_name, index) => index % 2 === 0)
      .map((name) => `update refs/tags/${name} ${tip}\n`);
    const remove = names
      .filter((_name, index) => index % 2 === 1)
      .map((name) => `delete refs/tags/${name}\n`);
    await gitWith({ input: [...update, ...remove].join('') }, world.source, 'update-ref', '--stdin');
    const changed = await mirrorAll(world, { FORCE: 'true', PRUNE: 'true', PRUNE_LIMIT: '99' });
    expect([changed.exitCode, changed.output]).toEqual([0, expect.stringContaining(' Mirrored: ')]);
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  });

  test('of two branches that git could not tell apart the odd one is left out, and the other goes on', async () => {
    await using world = await openWorld(server);
    const tip = await grow(world.source, 'main');
    await git(world.source, 'update-ref', 'refs/heads/refs/heads/main', tip);
    const first = await mirrorAll(world);
    expect([first.exitCode, first.output]).toEqual([1, expect.stringContaining('[ref-declined]')]);
    const next = await grow(world.source, 'main');
    const second = await mirrorAll(world);
    expect([second.exitCode, await world.destinationRefs()]).toEqual([1, { 'refs/heads/main': next }]);
  });

  test('where the odd one is there already, the one that ends it is named and the others go', async () => {
    await using world = await openWorld(server);
    const tip = await grow(world.source, 'main');
    await git(
      world.source,
      'push',
      '--quiet',
      world.destination,
      `${tip}:refs/heads/main`,
      `${tip}:refs/tags/t`,
    );
    await git(world.destination, 'update-ref', 'refs/tags/refs/heads/main', tip);
    const other = await grow(world.source, 'other', { from: tip });
    await grow(world.source, 'main');
    const ended = await mirrorAll(world);
    expect([ended.exitCode, ended.output]).toEqual([
      1,
      expect.stringContaining('which git confuses with it'),
    ]);
    expect(await world.destinationRefs()).toEqual({
      'refs/heads/main': tip,
      'refs/heads/other': other,
      'refs/tags/refs/heads/main': tip,
      'refs/tags/t': tip,
    });
  });
});

test('a name that is not UTF-8 is named, and the others go', async () => {
  await using world = await openWorld();
  const tip = await grow(world.source, 'main');
  const made = await run('sh', world.source, [
    '-c',
    `printf 'create refs/heads/caf\\351 ${tip}\\n' | git update-ref --stdin`,
  ]);
  expect(made).toMatchObject({ exitCode: 0 });
  const ended = await mirrorAll(world);
  expect([ended.exitCode, ended.output]).toEqual([1, expect.stringContaining('its name is not UTF-8')]);
  expect(await world.destinationRefs()).toEqual({ 'refs/heads/main': tip });
});

/**
 * On a file system that folds case, whoever is about to write `Main` finds the file of `main` in its place
 * (refs/files-backend.c); a listing has the one that was there.
 */
const foldCase = `#!/bin/sh
fold() { printf %s "$1" | tr '[:upper:]' '[:lower:]'; }
for other in $(git for-each-ref --format='%(refname)'); do
  if [ "$other" != "$1" ] && [ "$(fold "$other")" = "$(fold "$1")" ]; then git update-ref "$1" "$other"; fi
done
`;

describe('a server that folds case', { tags: ['slow'] }, () => {
  test.each([
    ['has neither of two names that differ in case alone', [], ['heads/Main', 'tags/v1']],
    ['has one of them', ['heads/main', 'tags/v1'], ['heads/Main', 'tags/V1']],
    ['has the other', ['heads/Main', 'tags/v1'], ['heads/main', 'tags/V1']],
  ])(
    '%s: one is there, the other is named with it in one attempt, all others go',
    async (_title, there, odd) => {
      await using world = await openWorld();
      const { source, destination } = world;
      const tip = await grow(source, 'main');
      for (const ref of ['heads/Main', 'heads/other', 'tags/V1', 'tags/v1'])
        await git(source, 'update-ref', `refs/${ref}`, tip);
      for (const ref of there)
        await git(destination, 'fetch', '--quiet', '--no-tags', source, `main:refs/${ref}`);
      for (const ref of odd) await git(destination, 'config', '--add', 'uploadpack.hideRefs', `refs/${ref}`);
      await writeFile(join(world.sandbox.hooks, 'update'), foldCase, { mode: 0o755 });
      const ended = await mirrorAll(world);
      expect(ended.exitCode).toBe(1);
      expect(ended.output).not.toContain('Trying again');
      for (const ref of odd)
        expect(ended.output).toMatch(
          new RegExp(`✖ \\w+ ${ref.split('/')[1]}: .*; refs/${ref} differs only in case`, 'i'),
        );
      expect(ended.output.match(/^✖ (branch|tag)/gm)).toHaveLength(2);
      const refs = Object.entries(await world.destinationRefs()).filter(
        ([ref]) => !odd.includes(ref.slice(5)),
      );
      expect(refs.map(([ref]) => ref)).toEqual(
        Object.keys(await world.sourceRefs()).filter((ref) => !odd.includes(ref.slice(5))),
      );
    },
  );
});

describe('variables that would be options, transports or commands', { tags: ['slow'] }, () => {
  const evil = [
    '--upload-pack=touch canary',
    '-oProxyCommand=touch canary',
    'ext::sh -c touch% canary',
    'ssh://-oProxyCommand=touch canary/x',
    'ssh://-oProxyCommand=touch%20canary/v1/repos/x',
    'ssh://host/-v\n--upload-pack=touch',
    'fd::17/x',
    '$(touch canary)',
    '`touch canary`',
    'ssh://user@host:22;touch canary/x',
    'ssh://`touch canary`@host/x',
    '\u001b[2Jx',
  ];
  const names = ['CODECOMMIT_URL', 'SOURCE_URL', 'SOURCE_PROXY', 'SSH_KEY_ID', 'BITBUCKET_GIT_HTTP_ORIGIN'];

  test.each(evil.map((value) => [JSON.stringify(value), value]))(
    '%s: a fault of each',
    async (_title, value) => {
      await using world = await openWorld();
      await grow(world.source, 'main');
      const ended = await mirrorAll(world, Object.fromEntries(names.map((name) => [name, value])));
      expect(ended.exitCode).toBe(2);
      for (const name of names) expect(ended.output).toContain(`✖ ${name} is `);
      expect(ended.output).not.toContain('\u001b');
      expect([world.bitbucket.requests, world.countConnections(), await world.destinationRefs()]).toEqual([
        [],
        0,
        {},
      ]);
      await expect(access(join(world.root, 'canary'))).rejects.toThrow();
    },
  );

  test.each([
    ['file:///etc', { CODECOMMIT_URL: 'file:///etc/v1/repos/x' }],
    ['http', { CODECOMMIT_URL: 'http://127.0.0.1/v1/repos/x' }],
    ['a newline in REPORT_FILE', { REPORT_FILE: 'a\nb' }],
    ['a folder as REPORT_FILE', { REPORT_FILE: '/' }],
    ['a REPORT_FILE in no folder', { REPORT_FILE: '/nowhere/x' }],
    ['a newline in KNOWN_HOSTS and a command', { KNOWN_HOSTS: 'h ssh-rsa AAAA\nProxyCommand touch canary' }],
    ['options in MAX_ATTEMPTS', { MAX_ATTEMPTS: '--x' }],
    ['a branch of the run with a newline', { BITBUCKET_BRANCH: 'a\nb', REFS: 'current' }],
    ['a branch of the run that is an option', { BITBUCKET_BRANCH: '--x', REFS: 'current' }],
    ['a commit that is an option', { BITBUCKET_COMMIT: '--x' }],
  ])('%s: exit code 2', async (_title, asked) => {
    await using world = await openWorld();
    await grow(world.source, 'main');
    const ended = await mirrorAll(world, asked);
    expect([ended.exitCode, world.bitbucket.requests, world.countConnections()]).toEqual([2, [], 0]);
  });

  test('a named pipe as REPORT_FILE is not waited for', async () => {
    await using world = await openWorld();
    await grow(world.source, 'main');
    const pipe = join(world.root, 'pipe');
    await run('mkfifo', '/', [pipe]);
    expect((await mirrorAll(world, { REPORT_FILE: pipe })).exitCode).toBe(2);
  });

  test('patterns that look like options match names and nothing else', async () => {
    await using world = await openWorld();
    const tip = await grow(world.source, 'main');
    await git(world.source, 'update-ref', 'refs/heads/--x', tip);
    const ended = await mirrorAll(world, { INCLUDE: '--x -- ; $(touch canary)', EXCLUDE: '--upload-pack=x' });
    expect([ended.exitCode, await world.destinationRefs()]).toEqual([0, { 'refs/heads/--x': tip }]);
  });
});
