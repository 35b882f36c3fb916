import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openJournalStore } from '../src/fleet/state/journalStore';
import { type RepositoryState, toNewState } from '../src/fleet/state/repositoryState';
import { createRepository } from '../src/sandbox/repository';
import { git } from '../test/servers/git';
import { type HostPair, openHostPair } from '../test/servers/hostPair';
import { fill } from './repositories';

export const token = 'token-of-the-benchmark-0123456789';
export const hookSecret = 'secret-of-the-webhooks-of-the-benchmark';

/** An organisation on a GitHub whose repositories are all mirrored to a GitLab already. */
export interface FleetWorld extends HostPair {
  /** The folder of mirrors.yaml. */
  readonly work: string;
  /** A commit that each source has, one ahead of its branch `main`. */
  readonly next: string;
  /** The bare repositories of the source and of its mirror. */
  paths(index: number): Promise<readonly [source: string, mirror: string]>;
}

export async function openFleetWorld(repositories: number): Promise<FleetWorld> {
  const root = await mkdtemp(join(tmpdir(), 'ccm-bench-'));
  const [work, template] = [join(root, 'work'), await createRepository(root, 'template')];
  await mkdir(work);
  await fill(template, { branches: 5, tags: 3, commits: 20, bytes: 500 });
  const next = await git(template, 'commit-tree', '-p', 'main', '-m', 'next', 'main^{tree}');
  const pair = await openHostPair(root, { source: token, destination: token });
  const { github, gitlab } = pair;
  const authority = new URL(github.url).host;
  const stored = Array.from({ length: repositories }, (_, index) => {
    const source = github.repositories.add({ owner: 'acme', name: `app-${index}` });
    const description = `codecommit-mirror: ${authority}#${source.id} acme/${source.name}`;
    return [source, gitlab.repositories.add({ owner: 'mirror', name: source.name, description })] as const;
  });
  for (const [source, mirror] of stored) {
    await cp(template, join(root, 'github', String(source.id)), { recursive: true });
    await cp(template, join(root, 'gitlab', String(mirror.id)), { recursive: true });
  }
  const mirror = {
    name: 'acme',
    from: { host: 'github', url: github.url, owner: 'acme', token: '$TOKEN' },
    to: { host: 'gitlab', url: gitlab.url, group: 'mirror', token: '$TOKEN' },
  };
  await writeFile(join(work, 'mirrors.yaml'), JSON.stringify({ mirrors: [mirror] }));
  await writeFile(join(work, 'mirrors.hooks-secret'), `${hookSecret}\n`, { mode: 0o600 });
  await writeState(
    join(work, 'mirrors.state'),
    stored.map(([source, mirrored]) => ({
      ...toNewState('acme', `${authority}#${source.id}`, `acme/${source.name}`),
      hint: source.changedAt.toISOString(),
      destination: mirrored.name,
      destinationIdentity: `${new URL(gitlab.url).host}#${mirrored.id}`,
    })),
  );
  return {
    github,
    gitlab,
    work,
    next,
    async paths(index) {
      const [source, mirrored] = stored[index] ?? [];
      if (source === undefined || mirrored === undefined) throw new Error(`no repository ${index}`);
      return [await github.repositories.path(source), await gitlab.repositories.path(mirrored)];
    },
    async [Symbol.asyncDispose]() {
      await pair[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** The state after all of them were compared, a minute ago: none is due within a day. */
async function writeState(folder: string, states: readonly RepositoryState[]): Promise<void> {
  await using store = await openJournalStore(folder);
  const lookedAt = Date.now() - 60_000;
  const seen = { state: 'equal', verifiedAt: lookedAt, lookedAt, dueAt: lookedAt + 86_400_000 } as const;
  await store.write(states.map((state) => ({ kind: 'repository', state: { ...state, ...seen } })));
}

/** `codecommit-mirror fleet …` as a process. */
export interface FleetProcess {
  output(): string;
  /** The most memory that it has had so far, in MiB, without git. */
  peak(): Promise<number>;
  /** Its exit code, and the seconds that it took. */
  readonly end: Promise<{ readonly code: number | null; readonly seconds: number; readonly peak: number }>;
  stop(): void;
}

export function startFleet({ work }: FleetWorld, ...args: readonly string[]): FleetProcess {
  const startedAt = performance.now();
  const child = spawn(process.execPath, [resolve('dist/cli.js'), 'fleet', ...args], {
    cwd: work,
    env: { PATH: process.env['PATH'], HOME: work, TMPDIR: work, TOKEN: token },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => {
      output += piece.toString();
    });
  let most = 0;
  async function peak(): Promise<number> {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    most = Math.max(most, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024);
    return most;
  }
  const watch = setInterval(peak, 100);
  const end = once(child, 'close').then(([code]: (number | null)[]) => {
    clearInterval(watch);
    return { code: code ?? null, seconds: (performance.now() - startedAt) / 1_000, peak: most };
  });
  return { output: () => output, peak, end, stop: () => void child.kill('SIGTERM') };
}
