import {
  access,
  chmod,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { git, grow, run, tryGit } from '../servers/git';
import { openWorld, type World } from './world';

/** Runs when anything of the clone, or of the user's home, is obeyed; writes a file that must not be there. */
async function createCanary(world: World): Promise<{ command: string; sang: () => Promise<boolean> }> {
  const [command, song] = [join(world.root, 'canary'), join(world.root, 'song')];
  await writeFile(command, `#!/bin/sh\necho "$0 $*" >>'${song}'\n`);
  await chmod(command, 0o755);
  const sang = () =>
    access(song).then(
      () => true,
      () => false,
    );
  return { command, sang };
}

/** Configuration by which git runs programs, or goes elsewhere, were it read. */
function toPoison(command: string): string {
  return `
[core]
	sshCommand = ${command}
	fsmonitor = ${command}
	hooksPath = ${command}.hooks
	gitProxy = ${command}
	askPass = ${command}
	alternateRefsCommand = ${command}
	pager = ${command}
	worktree = /nowhere
[pager]
	log = ${command}
[credential]
	helper = !${command}
[url "file:///nowhere/"]
	insteadOf = http://bitbucket.org/
	insteadOf = ssh://
	pushInsteadOf = ssh://
[http]
	proxy = http://127.0.0.1:9
	sslVerify = false
[protocol "ext"]
	allow = always
[diff]
	external = ${command}
[uploadpack]
	packObjectsHook = ${command}
[remote "origin"]
	vcs = ${command}
	uploadpack = ${command}
	proxy = http://127.0.0.1:9
[push]
	gpgSign = true
	pushOption = evil
	recurseSubmodules = on-demand
[gpg]
	program = ${command}
[extensions]
	worktreeConfig = true
	partialClone = origin
[include]
	path = ${command}.include
[alias]
	push = !${command}
`;
}

async function expectMirror(world: World, dir: string, asked: Record<string, string> = {}): Promise<string> {
  const { env } = await world.clone();
  const ended = await world.pipe(
    { dir, env: { ...env, BITBUCKET_CLONE_DIR: dir } },
    { REFS: 'all', ...asked },
  );
  expect([ended.exitCode, ended.output]).toEqual([0, expect.stringContaining(' Mirrored: ')]);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  return ended.output;
}

async function openScene() {
  const world = await openWorld();
  await grow(world.source, 'main', { count: 60 });
  await grow(world.source, 'side', { from: 'main~3' });
  const clone = await world.clone();
  return { world, dir: clone.dir, dotGit: join(clone.dir, '.git') };
}

test('a poisoned configuration, hooks, attributes and submodules of the clone: nothing of them is run', async () => {
  const { world, dir, dotGit } = await openScene();
  await using _world = world;
  const { command, sang } = await createCanary(world);
  await writeFile(join(dotGit, 'config'), toPoison(command), { flag: 'a' });
  await writeFile(join(dotGit, 'config.worktree'), toPoison(command));
  await writeFile(`${command}.include`, toPoison(command));
  for (const hooks of [join(dotGit, 'hooks'), `${command}.hooks`]) {
    await mkdir(hooks, { recursive: true });
    for (const hook of [
      'pre-push',
      'reference-transaction',
      'post-checkout',
      'fsmonitor-watchman',
      'pre-auto-gc',
    ])
      await cp(command, join(hooks, hook));
  }
  await writeFile(join(dir, '.gitattributes'), '* filter=evil diff=evil\n');
  await writeFile(join(dir, '.gitmodules'), `[submodule "x"]\n\tpath = x\n\turl = ext::${command}\n`);
  await expectMirror(world, dir);
  expect(await sang()).toBe(false);
});

test("a poisoned configuration of the user's, and GIT_* variables: nothing of them is obeyed", async () => {
  const { world, dir } = await openScene();
  await using _world = world;
  const { command, sang } = await createCanary(world);
  for (const file of ['.gitconfig', '.config/git/config']) {
    await mkdir(join(world.home, '.config/git'), { recursive: true });
    await writeFile(join(world.home, file), toPoison(command));
  }
  await expectMirror(world, dir, {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'core.sshCommand',
    GIT_CONFIG_VALUE_0: command,
    GIT_CONFIG_PARAMETERS: `'core.sshCommand'='${command}'`,
    GIT_SSH: command,
    GIT_SSH_COMMAND: command,
    GIT_PROXY_COMMAND: command,
    GIT_ASKPASS: command,
    SSH_ASKPASS: command,
    SSH_ASKPASS_REQUIRE: 'force',
    DISPLAY: ':0',
    GIT_EXTERNAL_DIFF: command,
    GIT_EXEC_PATH: world.root,
    GIT_TEMPLATE_DIR: world.root,
    GIT_PAGER: command,
    PAGER: command,
    GIT_EDITOR: command,
    GIT_DIR: '/nowhere',
    GIT_OBJECT_DIRECTORY: '/nowhere',
    GIT_ALTERNATE_OBJECT_DIRECTORIES: '/nowhere',
    GIT_NAMESPACE: 'evil',
    GIT_TRACE: join(world.root, 'song'),
    GIT_TRACE_CURL: join(world.root, 'song'),
    GIT_SSL_NO_VERIFY: '1',
    GIT_REPLACE_REF_BASE: 'refs/heads/',
    GIT_SHALLOW_FILE: '/nowhere',
    GIT_ALLOW_PROTOCOL: 'ext',
    XDG_CONFIG_HOME: world.root,
    ENV: command,
    BASH_ENV: command,
  });
  expect(await sang()).toBe(false);
});

test('lines of ~/.ssh that were there are kept, and change nothing of our connection', async () => {
  const { world, dir } = await openScene();
  await using _world = world;
  const { command, sang } = await createCanary(world);
  const ssh = join(world.home, '.ssh');
  const lines = `Host *
  HostName 127.0.0.2
  HostKeyAlias evil
  ProxyCommand ${command}
  ProxyJump evil
  PermitLocalCommand yes
  LocalCommand ${command}
  RemoteCommand ${command}
  KnownHostsCommand ${command}
  PKCS11Provider ${command}
  SecurityKeyProvider ${command}
  XAuthLocation ${command}
  ForwardX11 yes
  LocalForward 127.0.0.1:1 127.0.0.1:2
  Tunnel yes
  RequestTTY force
  StrictHostKeyChecking no
  ControlPath none
  User evil
`;
  await mkdir(ssh);
  await writeFile(join(ssh, 'config'), lines);
  await writeFile(join(ssh, 'known_hosts'), '# mine\n');
  await expectMirror(world, dir);
  expect(await sang()).toBe(false);
  expect(world.sandbox.counts.connections).toBe(1);
  expect((await readFile(join(ssh, 'config'), 'utf8')).endsWith(lines)).toBe(true);
  expect((await readFile(join(ssh, 'known_hosts'), 'utf8')).endsWith('# mine\n')).toBe(true);
});

test('a host key that ~/.ssh/known_hosts knows is not trusted beside the one that was asked for', async () => {
  const { world, dir } = await openScene();
  await using _world = world;
  await mkdir(join(world.home, '.ssh'));
  await writeFile(join(world.home, '.ssh/known_hosts'), `${world.knownHosts}\n`);
  await writeFile(join(world.ssh, 'known_hosts'), '');
  const name = world.knownHosts.split(' ')[0];
  const { env } = await world.clone();
  const ended = await world.pipe({ dir, env }, { KNOWN_HOSTS: `${name} SHA256:${'A'.repeat(43)}` });
  expect([ended.exitCode, ended.output]).toEqual([1, expect.stringContaining('[host-key-contradicted]')]);
  expect([await world.destinationRefs(), world.sandbox.counts.offeredKeys]).toEqual([{}, 0]);
});

async function makePipe(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
  await mkdir(join(path, '..'), { recursive: true });
  expect((await run('mkfifo', '/', [path])).exitCode).toBe(0);
}

describe('a clone with something else in the place of a file is mirrored all the same', {
  tags: ['slow'],
}, () => {
  test.each([
    'shallow',
    'packed-refs',
    'HEAD',
    'config',
    'commondir',
    'index',
    'FETCH_HEAD',
    'refs/heads/main',
    'objects/info/alternates',
    'objects/info/commit-graph',
    'objects/pack/pack-0123456789012345678901234567890123456789.idx',
    'objects/pack/multi-pack-index',
    'objects/info/packs',
  ])('a named pipe as .git/%s', async (file) => {
    const { world, dotGit, dir } = await openScene();
    await using _world = world;
    await makePipe(join(dotGit, file));
    await expectMirror(world, dir);
  });

  test('a named pipe as .git', async () => {
    const { world, dotGit, dir } = await openScene();
    await using _world = world;
    await makePipe(dotGit);
    await expectMirror(world, dir);
  });

  test.each([
    ['shallow, of no commits', 'shallow', 'evil\n'],
    ['shallow, of commits that nobody has', 'shallow', `${'0123456789'.repeat(4)}\n`],
    ['shallow, of 40 megabytes', 'shallow', `${'0123456789'.repeat(4)}\n`.repeat(1_000_000)],
    [
      'packed-refs that lie',
      'packed-refs',
      `${'a'.repeat(40)} refs/heads/main\n^${'b'.repeat(40)}\nnonsense`,
    ],
    ['alternates elsewhere', 'objects/info/alternates', '/nowhere\n/etc\n../../../..\n'],
    ['a commit graph of nonsense', 'objects/info/commit-graph', 'CGPHevil'],
    ['a pack of nonsense', 'objects/pack/pack-0123456789012345678901234567890123456789.pack', 'PACK'],
    ['refs of odd types', 'refs/heads/main', 'ref: ../../../../etc/passwd\n'],
  ])('%s', async (_title, file, text) => {
    const { world, dotGit, dir } = await openScene();
    await using _world = world;
    await writeFile(join(dotGit, file), text);
    await expectMirror(world, dir);
  });

  test.each([
    ['a link to a folder', (moved: string, dotGit: string) => symlink(moved, dotGit)],
    [
      'a file that names a folder',
      (moved: string, dotGit: string) => writeFile(dotGit, `gitdir: ${moved}\n`),
    ],
    ['a link to itself', (_moved: string, dotGit: string) => symlink(dotGit, dotGit)],
    [
      'a file that names itself',
      (_moved: string, dotGit: string) => writeFile(dotGit, `gitdir: ${dotGit}\n`),
    ],
    ['a link to a device that never ends', (_moved: string, dotGit: string) => symlink('/dev/zero', dotGit)],
  ])('.git is %s', async (_title, put) => {
    const { world, dotGit, dir } = await openScene();
    await using _world = world;
    const moved = join(world.root, 'moved');
    await rename(dotGit, moved);
    await put(moved, dotGit);
    await expectMirror(world, dir);
  });
});

test('a commit graph that lies of ancestors does not make a rewritten branch a fast-forward', {
  tags: ['slow'],
}, async () => {
  const { world } = await openScene();
  await using _world = world;
  const old = await grow(world.source, 'rewritten', { from: 'main~5' });
  const present = { kind: 'full' } as const;
  await git(world.source, 'push', '--quiet', world.destination, 'rewritten', 'main', 'side');
  const next = await grow(world.source, 'rewritten', { from: 'main~4' });
  const { dir, env } = await world.clone(present);
  // A graph that was written under a replacement is no longer true: git trusts it all the same.
  await git(dir, 'fetch', '--quiet', world.source, 'rewritten', old);
  expect((await tryGit(dir, ['cat-file', '-e', old])).exitCode).toBe(0);
  await writeLyingGraph(dir, next, old);
  const ended = await world.pipe({ dir, env }, { REFS: 'all' });
  expect([ended.exitCode, ended.output]).toEqual([1, expect.stringContaining('[ref-diverged]')]);
  expect((await world.destinationRefs())['refs/heads/rewritten']).toBe(old);
});

/** Writes a commit graph in which `child` has the one parent `parent`. */
async function writeLyingGraph(dir: string, child: string, parent: string): Promise<void> {
  await git(dir, 'update-ref', 'refs/heads/child', child);
  await git(dir, 'update-ref', 'refs/heads/parent', parent);
  await git(dir, 'commit-graph', 'write', '--reachable');
  const file = join(dir, '.git/objects/info/commit-graph');
  const graph = await readFile(file);
  const chunk = (id: string) => {
    for (let at = 8; ; at += 12)
      if (graph.toString('latin1', at, at + 4) === id) return Number(graph.readBigUInt64BE(at + 4));
  };
  const [oids, records] = [chunk('OIDL'), chunk('CDAT')];
  const indexOf = (oid: string) => {
    for (let index = 0; ; index++) {
      if (graph.toString('hex', oids + index * 20, oids + index * 20 + 20) === oid) return index;
    }
  };
  graph.writeUInt32BE(indexOf(parent), records + indexOf(child) * 36 + 20);
  await chmod(file, 0o644);
  await writeFile(file, graph);
  expect(await git(dir, 'rev-list', '--count', parent, `^${child}`)).toBe('0');
}

describe('REPORT_FILE, below the clone,', { tags: ['slow'] }, () => {
  async function openScene(world: World) {
    await grow(world.source, 'main');
    const outside = join(world.root, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'victim.json'), 'theirs\n');
    return { clone: await world.clone(), outside };
  }

  test('is not written where a link of that name leads', async () => {
    await using world = await openWorld();
    const { clone, outside } = await openScene(world);
    await symlink(join(outside, 'victim.json'), join(clone.dir, 'report.json'));
    const { exitCode, output } = await world.pipe(clone, { REPORT_FILE: 'report.json' });
    expect({ exitCode, output }).toEqual({ exitCode: 0, output });
    expect(await readFile(join(outside, 'victim.json'), 'utf8')).toBe('theirs\n');
    expect((await lstat(join(clone.dir, 'report.json'))).isFile()).toBe(true);
    expect(JSON.parse(await readFile(join(clone.dir, 'report.json'), 'utf8'))).toMatchObject({ version: 1 });
  });

  test('is refused in a folder that is a link out of it, and taken in one that leads inside', async () => {
    await using world = await openWorld();
    const { clone, outside } = await openScene(world);
    await symlink(outside, join(clone.dir, 'out'));
    await mkdir(join(clone.dir, 'real'));
    await symlink('real', join(clone.dir, 'in'));
    const refused = await world.pipe(clone, { REPORT_FILE: 'out/victim.json' });
    expect([refused.exitCode, refused.output]).toEqual([
      2,
      expect.stringContaining('leads out of the clone'),
    ]);
    expect(await world.destinationRefs()).toEqual({});
    expect(await readFile(join(outside, 'victim.json'), 'utf8')).toBe('theirs\n');
    expect((await world.pipe(clone, { REPORT_FILE: 'in/r.json' })).exitCode).toBe(0);
    expect(await readdir(join(clone.dir, 'real'))).toEqual(['r.json']);
  });

  test('elsewhere follows the links of its user', async () => {
    await using world = await openWorld();
    const { clone, outside } = await openScene(world);
    await symlink('outside', join(world.root, 'link'));
    expect((await world.pipe(clone, { REPORT_FILE: join(world.root, 'link', 'victim.json') })).exitCode).toBe(
      0,
    );
    expect(JSON.parse(await readFile(join(outside, 'victim.json'), 'utf8'))).toMatchObject({ version: 1 });
    expect(await readdir(outside)).toEqual(['victim.json']);
  });
});
