import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { git, gitWith, run } from '../servers/git';
import { findProcesses, waitForNone } from '../servers/processes';
import { expectNothingLeft, readTree } from './footprint';
import { growSource, seedDestination, whole } from './scene';
import { toTags } from './servers';
import { openWorld, type Run, serverNames, type World } from './world';

const once = { MAX_ATTEMPTS: '1' };

/** The moments at which a signal can come, told by what the program has written or the other end has seen. */
const signals = [
  { signal: 'SIGTERM', exitCode: 143 },
  { signal: 'SIGINT', exitCode: 130 },
  { signal: 'SIGHUP', exitCode: 129 },
  { signal: 'SIGQUIT', exitCode: 131 },
] as const;

/** What has arrived in whole the server goes on with, whoever is gone: nobody can take it back. */
const momentsOfPush = [
  { moment: 'beforeReceive', when: 'when it begins to push', isDone: false },
  { moment: 'afterAdvertise', when: 'when all that it pushes has arrived', isDone: true },
] as const;

async function openScene(server: (typeof serverNames)[number] = 'sandbox'): Promise<World> {
  const world = await openWorld(server);
  await growSource(world);
  await seedDestination(world, { ...whole, 'heads/main': 'heads/main~10' });
  return world;
}

function expectStopped({ exitCode, output }: Run, signal: string, expected: number): void {
  expect({ exitCode, output }).toEqual({ exitCode: expected, output });
  expect(output).toMatch(new RegExp(`✖ Stopped by ${signal}\\.[\\s\\S]*\\[stopped\\]`));
  expect(output).not.toMatch(/^ +at .*:\d+/m);
}

describe.each(signals)(
  '$signal ends the program with $exitCode and leaves nothing,',
  ({ signal, exitCode }) => {
    const plain = { NO_COLOR: '1' };

    for (const server of serverNames) {
      test(`over ${server}, when it has just begun`, { tags: toTags(server) }, async () => {
        await using world = await openScene(server);
        const clone = await world.clone();
        const [refs, tree] = [await world.destinationRefs(), await readTree(clone.dir)];
        world.bitbucket.faults.hang = true;
        const ended = await world.pipe(clone, { ...once, ...plain }, (text, kill) => {
          if (text.includes('codecommit-mirror')) kill(signal);
        });
        expectStopped(ended, signal, exitCode);
        expect(await world.destinationRefs()).toEqual(refs);
        expect(await readTree(clone.dir)).toEqual(tree);
        await expectNothingLeft(world);
      });
    }

    for (const { moment, when, isDone } of momentsOfPush) {
      test(when, { tags: signal === 'SIGTERM' ? [] : ['slow'] }, async () => {
        await using world = await openScene();
        const clone = await world.clone();
        const refs = isDone ? await world.sourceRefs() : await world.destinationRefs();
        let stop: () => void = () => undefined;
        let end: () => void = () => undefined;
        const ended = new Promise<void>((resolve) => {
          end = resolve;
        });
        world.sandbox.faults[moment] = () => {
          stop();
          return ended;
        };
        const stopped = await world.pipe(clone, { ...once, ...plain, REFS: 'all' }, (_text, kill) => {
          stop = () => kill(signal);
        });
        expectStopped(stopped, signal, exitCode);
        end();
        expect(await waitForNone(() => findProcesses(world.destination, 'cmdline'), 10_000)).toEqual([]);
        expect(await world.destinationRefs()).toEqual(refs);
        await expectNothingLeft(world);
      });
    }

    test('while it waits for the next attempt', async () => {
      await using world = await openScene();
      const clone = await world.clone();
      const refs = await world.destinationRefs();
      world.bitbucket.faults.status = 503;
      const stopped = await world.pipe(clone, { ...plain, REFS: 'all', MAX_ATTEMPTS: '9' }, (text, kill) => {
        if (text.includes('Trying again')) kill(signal);
      });
      expectStopped(stopped, signal, exitCode);
      expect(await world.destinationRefs()).toEqual(refs);
      await expectNothingLeft(world);
    });
  },
);

test('a run that was stopped is made good by the next', async () => {
  await using world = await openScene();
  const clone = await world.clone();
  const stopped = await world.pipe(clone, { ...once, REFS: 'all' }, (text, kill) => {
    if (text.includes('codecommit-mirror')) kill('SIGTERM');
  });
  expect(stopped.exitCode).toBe(143);
  expect((await world.pipe(clone, { ...once, REFS: 'all' })).exitCode).toBe(0);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  await expectNothingLeft(world);
});

test('TIMEOUT does not keep a run waiting that is done', async () => {
  await using world = await openScene();
  const { exitCode } = await world.pipe(await world.clone(), { ...once, TIMEOUT: '9999' });
  expect(exitCode).toBe(0);
});

test('a report that can not be written: mirrored, and exit code 1', async () => {
  await using world = await openScene();
  const { exitCode, output } = await world.pipe(await world.clone(), { ...once, REPORT_FILE: '/dev/full' });
  expect({ exitCode, output }).toEqual({ exitCode: 1, output });
  expect(output).toMatch(/The report can't be written to "\/dev\/full": ENOSPC[\s\S]*\[report-unwritable\]/);
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  await expectNothingLeft(world);
});

test('git without ssh on the PATH', async () => {
  await using world = await openScene();
  const bin = join(world.root, 'bin');
  await mkdir(bin);
  const { stdout } = await run('sh', '/', ['-c', 'command -v git']);
  await symlink(stdout.trim(), join(bin, 'git'));
  const refs = await world.destinationRefs();
  const { exitCode, output } = await world.pipe(await world.clone(), { ...once, PATH: bin });
  expect({ exitCode, output }).toEqual({ exitCode: 1, output });
  expect(output).toMatch(/ssh can't be started[\s\S]*\[program-missing\]/);
  expect(await world.destinationRefs()).toEqual(refs);
  await expectNothingLeft(world);
});

test('a TMPDIR that is not there', async () => {
  await using world = await openScene();
  const clone = await world.clone();
  const refs = await world.destinationRefs();
  await rm(world.temporary, { recursive: true });
  const { exitCode, output } = await world.pipe(clone, once);
  await mkdir(world.temporary);
  expect({ exitCode, output }).toEqual({ exitCode: 1, output });
  expect(output).not.toMatch(/^ +at .*:\d+/m);
  expect(await world.destinationRefs()).toEqual(refs);
  await expectNothingLeft(world);
});

test('a TMPDIR and a HOME with a space, an apostrophe and a per cent sign', async () => {
  await using world = await openScene();
  const [temporary, home] = [join(world.temporary, "it's 100%h $x"), join(world.root, "ho me's %u")];
  await Promise.all([mkdir(temporary), mkdir(home)]);
  const variables = { ...once, TMPDIR: temporary, HOME: home };
  const { exitCode, output } = await world.pipe(await world.clone(), variables);
  expect({ exitCode, output }).toEqual({ exitCode: 0, output });
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  // Fails when it is not empty.
  await rmdir(temporary);
  await expectNothingLeft(world);
});

/** A branch with half a megabyte that does not compress. */
async function growBig({ source }: World): Promise<void> {
  const content = randomBytes(600_000).toString('base64');
  const blob = await gitWith({ input: content }, source, 'hash-object', '-w', '--stdin');
  const tree = await gitWith({ input: `100644 blob ${blob}\tbig\n` }, source, 'mktree');
  await git(source, 'update-ref', 'refs/heads/big', await git(source, 'commit-tree', tree, '-m', 'big'));
}

/** Puts a file system of its own in a folder's place for as long as the work takes. */
async function withMount<T>(folder: string, options: string, work: () => Promise<T>): Promise<T> {
  const mounted = await run('mount', '/', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder]);
  expect(mounted).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  try {
    return await work();
  } finally {
    await run('umount', '/', [folder]);
  }
}

const isRoot = process.platform === 'linux' && process.getuid?.() === 0;

describe.runIf(isRoot)('folders that nobody may write to', { tags: ['slow'] }, () => {
  test.each(['sandbox', 'https'] as const)(
    'TMPDIR, over %s: named, and nothing is pushed',
    async (server) => {
      await using world = await openScene(server);
      const clone = await world.clone();
      const refs = await world.destinationRefs();
      const ended = await withMount(world.temporary, 'ro', () => world.pipe(clone, once));
      expect(ended).toMatchObject({
        exitCode: 1,
        output: expect.stringContaining('[temporary-folder-refused]'),
      });
      expect(ended.output).not.toMatch(/^ +at .*:\d+/m);
      expect(await world.destinationRefs()).toEqual(refs);
      await expectNothingLeft(world);
    },
  );

  test.each(['sandbox', 'https'] as const)(
    'HOME and ~/.ssh, over %s: mirrored all the same',
    async (server) => {
      await using world = await openScene(server);
      const clone = await world.clone();
      await mkdir(join(world.home, '.ssh'));
      for (const folder of [join(world.home, '.ssh'), world.home]) {
        const { exitCode, output } = await withMount(folder, 'ro', () => world.pipe(clone, once));
        expect({ exitCode, output }).toEqual({ exitCode: 0, output });
      }
      const { 'refs/heads/main': main } = await world.sourceRefs();
      expect((await world.destinationRefs())['refs/heads/main']).toBe(main);
      await expectNothingLeft(world);
    },
  );
});

/** As bind(2) is on a file system without sockets, below the folder that NO_SOCKETS names. */
const withoutSockets = `#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
int bind(int fd, const struct sockaddr *address, socklen_t length) {
  const char *below = getenv("NO_SOCKETS");
  const char *path = ((const struct sockaddr_un *)address)->sun_path;
  if (below && address->sa_family == AF_UNIX && strncmp(path, below, strlen(below)) == 0) {
    errno = EOPNOTSUPP;
    return -1;
  }
  return ((int (*)(int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "bind"))(fd, address, length);
}
`;

const hasCompiler = isRoot && (await run('sh', '/', ['-c', 'command -v cc'])).exitCode === 0;

describe.runIf(hasCompiler)('a TMPDIR on a file system without sockets', { tags: ['slow'] }, () => {
  async function openWithoutSockets(server: 'sandbox' | 'https', below?: string) {
    const world = await openScene(server);
    const [source, library, bin] = ['bind.c', 'bind.so', 'bin'].map((name) => join(world.root, name)) as [
      string,
      string,
      string,
    ];
    await writeFile(source, withoutSockets);
    const built = await run('cc', '/', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
    expect(built).toMatchObject({ exitCode: 0 });
    await mkdir(bin);
    const names = `LD_PRELOAD=${library} NO_SOCKETS=${below ?? world.temporary}`;
    // What we start inherits no such variables.
    await writeFile(join(bin, 'ssh'), `#!/bin/sh\n${names} exec /usr/bin/ssh "$@"\n`, { mode: 0o755 });
    const own = { LD_PRELOAD: library, NO_SOCKETS: below ?? world.temporary };
    const variables = { ...once, ...own, PATH: `${bin}:${process.env['PATH']}` };
    return { world, variables };
  }

  test.each(['sandbox', 'https'] as const)('over %s: mirrored', async (server) => {
    const { world, variables } = await openWithoutSockets(server);
    await using _ = world;
    const { exitCode, output } = await world.pipe(await world.clone(), { ...variables, REFS: 'all' });
    expect({ exitCode, output }).toEqual({ exitCode: 0, output });
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
    // ssh shares no connection then.
    if (server === 'sandbox') expect(world.countConnections()).toBeGreaterThan(1);
    await expectNothingLeft(world);
  });

  test('over HTTPS, with none in /tmp either: named', async () => {
    const { world, variables } = await openWithoutSockets('https', '/tmp');
    await using _ = world;
    const refs = await world.destinationRefs();
    const ended = await world.pipe(await world.clone(), variables);
    expect(ended).toMatchObject({ exitCode: 1, output: expect.stringContaining('[socket-refused]') });
    expect(await world.destinationRefs()).toEqual(refs);
    await expectNothingLeft(world);
  });
});

/** Only root may mount; who is not root has no disk of his own to fill. */
describe.runIf(isRoot)('a disk that is full:', () => {
  test('said so, nothing is pushed, nothing is left', async () => {
    await using world = await openScene();
    await growBig(world);
    const clone = await world.clone();
    const refs = await world.destinationRefs();
    await withMount(world.temporary, 'size=256k', async () => {
      const { exitCode, output } = await world.pipe(clone, { ...once, REFS: 'all' });
      expect({ exitCode, output }).toEqual({ exitCode: 1, output });
      expect(output).toContain('[disk-full]');
      expect(await world.destinationRefs()).toEqual(refs);
      await expectNothingLeft(world);
    });
  });
});

test('what the pipe keeps in its home holds no key', async () => {
  await using world = await openScene();
  expect((await world.pipe(await world.clone(), once)).exitCode).toBe(0);
  expect(Object.keys(await readTree(world.home))).toEqual(['.ssh', '.ssh/config', '.ssh/known_hosts']);
  expect(await readFile(join(world.home, '.ssh', 'config'), 'utf8')).toContain('IdentitiesOnly yes');
  await expectNothingLeft(world);
});

describe.runIf(process.getuid?.() === 0)('a user without an entry in /etc/passwd', () => {
  const uid = '54321';
  const asStranger = [`--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', process.execPath];

  /** Runs the pipe as that user, without a HOME. */
  async function pipeAsStranger(world: World) {
    const clone = await world.clone();
    // Git takes no repository of another user, and this is about the user alone.
    const source = `file://${world.source}`;
    await run('chown', '/', ['-R', uid, world.root]);
    const env = { ...clone.env, ...world.variables, ...once, SOURCE_URL: source, SOURCE_PROXY: '' };
    const PATH = process.env['PATH'] ?? '';
    const args = [...asStranger, resolve('dist/pipe.js')];
    return await run('setpriv', clone.dir, args, { env: { ...env, PATH, TMPDIR: world.temporary } });
  }

  test('mirrors over HTTPS', async () => {
    await using world = await openWorld('https');
    await growSource(world);
    const ended = await pipeAsStranger(world);
    expect(ended).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('Mirrored') });
    await expectNothingLeft(world);
  });

  test('is named over SSH, which can not work', async () => {
    await using world = await openScene();
    const ended = await pipeAsStranger(world);
    expect(ended).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('[ssh-unusable]') });
    expect(ended.stdout).toContain(`No user exists for uid ${uid}`);
    await expectNothingLeft(world);
  });
});
