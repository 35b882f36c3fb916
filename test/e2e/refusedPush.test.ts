import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { git, gitWith, grow, run } from '../servers/git';
import { openHttpsFront } from '../servers/httpsFront';
import { certificate, openHttpsWorld } from './httpsWorld';
import { toHistory } from './scene';
import { openWorld, type World } from './world';

/** The server refuses each push that carries a ref of this name, with these words. */
async function refuse({ sandbox }: World, pattern: string, words: string): Promise<void> {
  const hook = `#!/bin/sh\nif grep -Eq '${pattern}'; then printf '${words}\\n' >&2; exit 1; fi\n`;
  await writeFile(join(sandbox.hooks, 'pre-receive'), hook, { mode: 0o755 });
}

async function growBranches({ source }: World, count: number): Promise<void> {
  const tip = await grow(source, 'main');
  const lines = Array.from({ length: count }, (_, index) => `create refs/heads/b${index} ${tip}\n`);
  await gitWith({ input: lines.join('') }, source, 'update-ref', '--stdin');
}

describe('a push that the server refuses as a whole', () => {
  test('is halved until the culprits are found; all others are mirrored', async () => {
    await using world = await openWorld();
    await growBranches(world, 30);
    await refuse(world, 'refs/heads/(b3|b17)$', 'No \\033[31msecrets\\033[0m in b3 or b17, please.');
    const run = await world.pipe(await world.clone(), { REFS: 'all' });
    const refs = await world.sourceRefs();
    const { 'refs/heads/b3': _b3, 'refs/heads/b17': _b17, ...others } = refs;
    expect(await world.destinationRefs()).toEqual(others);
    expect(run.exitCode).toBe(1);
    for (const name of ['b3', 'b17'])
      expect(run.output).toContain(
        `branch ${name}: (none) → ${refs[`refs/heads/${name}`]?.slice(0, 8)} refused (declined: pre-receive hook declined: No [31msecrets[0m in b3 or b17, please.) [ref-declined]`,
      );
    // The default branch goes first; then 2 · (log₂ 30 + 1) + 1 pushes at most.
    expect(world.sandbox.counts.pushes).toBeLessThanOrEqual(14);
  });

  test('by a hook of its transaction, which ends the server, is halved too', { tags: ['slow'] }, async () => {
    await using world = await openWorld();
    await growBranches(world, 9);
    const hook = `#!/bin/sh\n[ "$1" = prepared ] || exit 0\nif grep -q 'refs/heads/b3$'; then echo 'error: no b3' >&2; exit 1; fi\n`;
    await writeFile(join(world.sandbox.hooks, 'reference-transaction'), hook, { mode: 0o755 });
    const run = await world.pipe(await world.clone(), { REFS: 'all' });
    const { 'refs/heads/b3': tip, ...others } = await world.sourceRefs();
    expect(await world.destinationRefs()).toEqual(others);
    expect([run.exitCode, run.output]).toEqual([
      1,
      expect.stringContaining(
        `branch b3: (none) → ${tip?.slice(0, 8)} refused (declined: ref updates aborted by hook: error: no b3) [ref-declined]`,
      ),
    ]);
    expect(world.sandbox.counts.pushes).toBeLessThanOrEqual(7);
  });

  test('of everything is one message after a few pushes', { tags: ['slow'] }, async () => {
    await using world = await openWorld();
    await growBranches(world, 60);
    await git(world.source, 'push', '--quiet', world.destination, 'main');
    await refuse(world, '.', 'Quota exceeded.');
    const run = await world.pipe(await world.clone(), { REFS: 'all' });
    expect(run.exitCode).toBe(1);
    expect(run.output.match(/Quota exceeded/g)).toHaveLength(1);
    expect(run.output).toMatch(
      /60 refs refused \(declined: pre-receive hook declined: Quota exceeded\.\): b0, b1,/,
    );
    expect(world.sandbox.counts.pushes).toBeLessThanOrEqual(16);
    expect(Object.keys(await world.destinationRefs())).toEqual(['refs/heads/main']);
  });

  test('for its size goes on in slices by itself', { tags: ['slow'] }, async () => {
    await using world = await openWorld();
    let seed = 1;
    const letter = () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return String.fromCharCode(33 + (seed % 90));
    };
    const commits = Array.from({ length: 24 }, (_, index) => {
      const text = Array.from({ length: 20_000 }, letter).join('');
      return `commit refs/heads/main\ncommitter Ada <ada@example.com> ${1_700_000_000 + index} +0000\ndata 1\nx\nM 100644 inline f\ndata ${text.length}\n${text}\n`;
    });
    await gitWith({ input: commits.join('') }, world.source, 'fast-import', '--quiet');
    await git(world.destination, 'config', 'receive.maxInputSize', '100k');
    const run = await world.pipe(await world.clone(), { REFS: 'all' });
    expect(run.output).toContain('pack exceeds maximum allowed size');
    expect(run.output).toContain('Sending the history in slices of ');
    expect([run.exitCode, await world.destinationRefs()]).toEqual([0, await world.sourceRefs()]);
  });
});

test('a branch that became a folder is named before any push, and in a dry run too', async () => {
  await using world = await openWorld();
  const tip = await grow(world.source, 'main');
  await git(world.source, 'branch', 'team/x');
  await git(world.source, 'push', '--quiet', world.destination, 'main', 'main:refs/heads/team');
  const clone = await world.clone();
  for (const DRY_RUN of ['true', 'false']) {
    const run = await world.pipe(clone, { REFS: 'all', DRY_RUN });
    expect(run.exitCode).toBe(1);
    expect(run.output).toMatch(
      /branch team\/x: .* kept \(git can't push it: the destination keeps refs\/heads\/team, /,
    );
    expect(await world.destinationRefs()).toEqual({ 'refs/heads/main': tip, 'refs/heads/team': tip });
    expect(world.sandbox.counts.pushes).toBe(0);
  }
  const pruned = await world.pipe(clone, { REFS: 'all', PRUNE: 'true' });
  expect([pruned.exitCode, await world.destinationRefs()]).toEqual([0, await world.sourceRefs()]);
});

describe('a proxy that answers in the middle of a push', { tags: ['slow'] }, () => {
  /** Answers the pushes that go in pieces, as those beyond http.postBuffer do, with this status. */
  async function pushThrough(status: number, variables: Readonly<Record<string, string>>) {
    await using world = await openHttpsWorld();
    await gitWith({ input: toHistory(900) }, world.source, 'fast-import', '--quiet');
    const big = randomBytes(1_500_000).toString('base64');
    const commit = `commit refs/heads/main\ncommitter Ada <ada@example.com> 1900000000 +0000\ndata 1\nx\nfrom refs/heads/main^0\nM 100644 inline big\ndata ${big.length}\n${big}\n`;
    if (variables['BIG'] === 'true') await gitWith({ input: commit }, world.source, 'fast-import', '--quiet');
    await using front = await openHttpsFront({
      certificate,
      onward: world.face.host,
      refuse: ({ headers }) => (headers['transfer-encoding'] === 'chunked' ? status : undefined),
    });
    const asked = { REFS: 'all', NO_COLOR: '1', CODECOMMIT_ENDPOINT: front.host };
    const run = await world.pipe(await world.clone(), { ...asked, ...variables });
    return { run, refs: await world.destinationRefs(), wanted: await world.sourceRefs() };
  }

  test.each([
    [413, 'push-too-large', /PUSH_SIZE/],
    [411, 'push-too-large', /PUSH_SIZE/],
    [403, 'credentials-refused', /codecommit:GitPush/],
    [500, 'destination-unreachable', /can't be reached/],
  ])('%i: its status stands beside the ref, and the remedy fits', async (status, code, says) => {
    const { run, refs } = await pushThrough(status, { BIG: 'true', MAX_ATTEMPTS: '1' });
    expect(run).toMatchObject({ exitCode: 1, output: expect.stringContaining(`[${code}]`) });
    expect(run.output).toContain(`HTTP ${status}`);
    expect(run.output).toMatch(says);
    expect(run.output).not.toMatch(/✖.*(Writing|Counting) objects/);
    expect(refs).toEqual({});
  });

  test.each([413, 411])('%i: smaller pushes get through by themselves', async (status) => {
    const { run, refs, wanted } = await pushThrough(status, {});
    expect({ exitCode: run.exitCode, output: run.output }).toEqual({ exitCode: 0, output: run.output });
    expect(run.output).toContain('Sending the history in slices of ');
    expect(refs).toEqual(wanted);
  });
});

/** A git on the PATH that is killed while it packs, each time or the first time alone, as for want of memory. */
async function openKilledGit({ root }: World, times: 'always' | 'once'): Promise<string> {
  const [bin, exec] = [join(root, 'bin'), join(root, 'exec')];
  await mkdir(bin);
  const [real, own] = await Promise.all([
    run('sh', '/', ['-c', 'command -v git']),
    run('git', '/', ['--exec-path']),
  ]);
  await run('cp', '/', ['--recursive', own.stdout.trim(), exec]);
  const mark = times === 'once' ? `[ ! -e ${root}/killed ] && : >${root}/killed && ` : '';
  // It has read what it is to pack: else git push, which writes that, would end with it.
  const script = `#!/bin/sh\nfor each; do [ "$each" = pack-objects ] && ${mark}cat >/dev/null && kill -9 $$; done\nexec ${real.stdout.trim()} --exec-path=${exec} "$@"\n`;
  await rm(join(exec, 'git'), { force: true });
  for (const folder of [bin, exec]) await writeFile(join(folder, 'git'), script, { mode: 0o755 });
  return `${bin}:${process.env['PATH']}`;
}

describe('git is killed here while it packs', { tags: ['slow'] }, () => {
  test('each time: said so beside the ref, with the remedy that fits', async () => {
    await using world = await openWorld();
    await grow(world.source, 'main');
    const PATH = await openKilledGit(world, 'always');
    const ended = await world.pipe(await world.clone(), { PATH, MAX_ATTEMPTS: '1', NO_COLOR: '1' });
    expect(ended).toMatchObject({ exitCode: 1, output: expect.stringContaining('[out-of-memory]') });
    expect(ended.output).toContain('a signal ended git pack-objects');
    expect(ended.output).toMatch(/memory of the step[\s\S]*PUSH_SIZE/);
    expect(await world.destinationRefs()).toEqual({});
  });

  test('once: tried again', async () => {
    await using world = await openWorld();
    await grow(world.source, 'main', { count: 3 });
    const PATH = await openKilledGit(world, 'once');
    const ended = await world.pipe(await world.clone(), { PATH });
    expect({ exitCode: ended.exitCode, output: ended.output }).toEqual({ exitCode: 0, output: ended.output });
    expect(ended.output).toContain('Trying again');
    expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
  });
});
