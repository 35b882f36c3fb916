import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Job } from '../../src/mirror/job';
import { mirror } from '../../src/mirror/mirror';
import { shareOrigin } from '../../src/mirror/sharedOrigin';
import { generic } from '../../src/plan/profiles';
import type { RemoteSettings } from '../../src/remote/settings';
import { createStopwatch } from '../../src/report/stopwatch';
import type { Context, Log } from '../../src/system/context';
import { createRandom, type Random } from '../campaign/random';
import { openFolder } from '../servers/folder';
import { createBareRepository, git, grow, readRefs, run } from '../servers/git';

const quiet = () => undefined;
const log: Log = {
  info: quiet,
  success: quiet,
  warn: quiet,
  failure: quiet,
  skip: quiet,
  debug: quiet,
  progress: quiet,
  conceal: quiet,
};
const startedAt = new Date('2026-11-26T08:15:00Z');

/** A source with branches and tags at random places of a history. Gives the full names. */
async function growSource(path: string, random: Random): Promise<readonly string[]> {
  await createBareRepository(path);
  await grow(path, 'main', { count: 12 });
  for (let index = 1; index <= 4; index++)
    await grow(path, `branch/${index}`, {
      from: `refs/heads/main~${random.whole(0, 10)}`,
      count: random.whole(1, 3),
    });
  for (const tag of ['v1', 'v2']) await git(path, 'tag', tag, `main~${random.whole(0, 9)}`);
  return Object.keys(await readRefs(path));
}

/** A destination with some refs of the source: equal, behind, with a commit of its own; and with refs that it has alone. */
async function growDestination(path: string, source: string, refs: readonly string[], random: Random) {
  await createBareRepository(path);
  for (const ref of random.some(refs, 60)) {
    const behind = `${ref}~${random.whole(0, 2)}`;
    const tip = (await git(source, 'rev-parse', behind)).trim();
    await git(source, 'push', '--quiet', path, `${tip}:${ref}`);
    if (ref.startsWith('refs/heads/') && random.chance(30))
      await grow(path, ref.replace('refs/heads/', ''), { file: 'rival' });
  }
  if (random.chance(50)) await git(source, 'push', '--quiet', path, 'main~5:refs/heads/only/here');
}

/** A clone as Pipelines makes it, cut off somewhere, or none. */
async function makeClone(source: string, path: string, random: Random): Promise<string | undefined> {
  if (random.chance(25)) return undefined;
  const depth = String(random.whole(1, 14));
  await git('/', 'clone', '--quiet', '--depth', depth, '--branch', 'main', `file://${source}`, path);
  return path;
}

const toRemote = (path: string): RemoteSettings => ({ url: path, name: path, login: { kind: 'none' } });

describe('mirrors that share a source do what each would do alone', () => {
  for (let seed = 1; seed <= 12; seed++)
    test(`in the world of seed ${seed}`, { tags: seed > 1 ? ['slow'] : [] }, () => compare(seed));
});

async function compare(seed: number): Promise<void> {
  const random = createRandom(seed);
  await using folder = await openFolder();
  const at = (name: string) => join(folder.path, name);
  const source = at('source.git');
  const refs = await growSource(source, random);
  const clone = await makeClone(source, at('clone'), random);
  const names = ['one', 'two', 'three'];
  for (const name of names) {
    await growDestination(at(name), source, refs, random);
    await cp(at(name), at(`${name}-alone`), { recursive: true });
  }
  const policy = { force: random.chance(50), prune: random.chance(50), backup: random.chance(50) };
  const toJob = (name: string): Job => ({
    source: toRemote(source),
    destination: toRemote(at(name)),
    clone,
    selection: { refs: 'all', include: [], exclude: [] },
    policy: { ...policy, pruneLimit: 10, lfs: 'warn', dryRun: false },
    limits: { profile: generic, pushBytes: random.chance(20) ? 1 : 2 ** 30, attempts: 2 },
  });
  const { signal } = new AbortController();
  const env = { PATH: process.env['PATH'], TMPDIR: folder.path };
  const toContext = (): Context => ({ env, log, signal, stopwatch: createStopwatch(Date.now), startedAt });

  const alone = [];
  for (const name of names) alone.push(await mirror(toJob(`${name}-alone`), toContext()));
  const shared = shareOrigin(toContext());
  const together = await Promise.all(
    names.map((name) => mirror(toJob(name), toContext(), shared.toOpener())),
  );
  await shared[Symbol.asyncDispose]();

  for (const [index, name] of names.entries()) {
    const [mine, other] = [together[index], alone[index]];
    expect({ verdict: mine?.verdict, refs: mine?.refs }).toEqual({
      verdict: other?.verdict,
      refs: other?.refs,
    });
    expect(await readRefs(at(name))).toEqual(await readRefs(at(`${name}-alone`)));
    expect(await run('git', at(name), ['fsck', '--connectivity-only'])).toMatchObject({ exitCode: 0 });
  }
}
