import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { parseMarker } from '../../../src/fleet/plan/marker';
import type { StoredRepository } from '../../../src/sandbox/hosts/repositories';
import { git, grow, readRefs } from '../../servers/git';
import { destinationToken, type FleetHosts, openFleetHosts, sourceToken } from '../command/fleetHosts';

/** From 0 to less than 1, the same for the same seed (mulberry32). */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A fleet amid trouble. What it promises is checked after each run. */
export class CampaignWorld {
  readonly hosts: FleetHosts;
  readonly #random: () => number;
  /** Every value that a ref of a source ever had, by the ID of the source. */
  readonly #values = new Map<number, Set<string>>();
  /** What somebody else wrote into mirrors. */
  readonly #written = new Set<string>();
  /** Repositories at the destination that are not ours, with their refs. */
  readonly #foreign = new Map<StoredRepository, Record<string, string>>();
  #count = 0;
  #lastRun = 0;
  readonly output: string[] = [];
  readonly steps: string[] = [];

  constructor(hosts: FleetHosts, random: () => number) {
    this.hosts = hosts;
    this.#random = random;
    hosts.github.pageSize = 2;
  }

  get #sources() {
    return this.hosts.github.repositories.all;
  }

  #pick<T>(all: readonly T[]): T | undefined {
    return all[Math.floor(this.#random() * all.length)];
  }

  async #note(source: StoredRepository): Promise<void> {
    const known = this.#values.get(source.id) ?? new Set<string>();
    this.#values.set(source.id, known);
    const path = await this.hosts.github.repositories.path(source);
    for (const oid of Object.values(await readRefs(path))) known.add(oid);
  }

  async add(name = `app-${this.#count++}`): Promise<void> {
    await this.hosts.add(name, 'main', 'work');
    const added = this.hosts.github.repositories.find('acme', name);
    if (added !== undefined) await this.#note(added);
  }

  /** One thing that happens in the world. */
  async step(): Promise<void> {
    const source = this.#pick(this.#sources);
    const acts = [
      'grow',
      'grow',
      'rewrite',
      'add',
      'rename',
      'remove',
      'remake',
      'intrude',
      'occupy',
      'fault',
    ];
    const act = this.#pick(acts) ?? 'add';
    this.steps.push(`${act} ${source?.name}`);
    const { repositories } = this.hosts.github;
    if (act === 'add' || source === undefined) return await this.add();
    switch (act) {
      case 'rename':
        return repositories.rename(source, { name: `app-${this.#count++}` });
      case 'remove':
        return repositories.remove(source);
      case 'remake':
        repositories.remove(source);
        return await this.add(source.name);
      case 'intrude':
        return await this.#intrude();
      case 'occupy':
        return await this.#occupy(`app-${this.#count}`);
      case 'fault':
        return this.#fail();
      default:
        return await this.#change(source, act);
    }
  }

  async #change(source: StoredRepository, act: string): Promise<void> {
    const path = await this.hosts.github.repositories.path(source);
    if (act === 'rewrite') await git(path, 'branch', '-D', 'work').catch(() => undefined);
    await grow(path, act === 'rewrite' ? 'work' : 'main', act === 'rewrite' ? { from: 'main' } : {});
    source.changedAt = new Date(source.changedAt.getTime() + 60_000);
    await this.#note(source);
  }

  /** Somebody pushes to a mirror. */
  async #intrude(): Promise<void> {
    const mirror = this.#pick(this.#mirrors());
    if (mirror === undefined) return;
    const path = await this.hosts.gitlab.repositories.path(mirror);
    this.#written.add(await grow(path, 'intruder'));
  }

  /** Somebody makes a repository under a name that a mirror would get. */
  async #occupy(name: string): Promise<void> {
    const { repositories } = this.hosts.gitlab;
    if (repositories.find('mirror', name) !== undefined) return;
    const stored = repositories.add({ owner: 'mirror', name });
    const path = await repositories.path(stored);
    await grow(path, 'main');
    this.#foreign.set(stored, await readRefs(path));
  }

  #fail(): void {
    const { github, gitlab } = this.hosts;
    const list = /orgs\/acme\/repos.*page=2/;
    const kinds = [
      () => github.faults.push({ when: list, status: 500, times: 20 }),
      () => github.faults.push({ when: list, resets: true, times: 1 }),
      () => github.faults.push({ when: list, status: 429, times: 1, headers: { 'Retry-After': '1' } }),
      () => gitlab.faults.push({ when: /^POST .*projects/, status: 500, times: 3 }),
      () => gitlab.faults.push({ when: /^PUT .*projects/, status: 503, times: 3 }),
    ];
    this.#pick(kinds)?.();
  }

  #mirrors(): readonly StoredRepository[] {
    return this.hosts.gitlab.repositories.all.filter((each) => !this.#foreign.has(each));
  }

  /** One run; killed somewhere in it, if `isKilled`. Gives the exit code. */
  async run(isKilled: boolean): Promise<number | null> {
    const { root } = this.hosts;
    this.#lastRun = this.output.length;
    const child = spawn(process.execPath, [resolve('dist/cli.js'), 'fleet', 'mirror'], {
      cwd: join(root, 'work'),
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: join(root, 'home'),
        TMPDIR: join(root, 'tmp'),
        GITHUB_TOKEN: sourceToken,
        GITLAB_TOKEN: destinationToken,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (piece: Buffer) => this.output.push(piece.toString()));
    const timer = isKilled
      ? setTimeout(() => child.kill('SIGKILL'), 300 + this.#random() * 1_500)
      : undefined;
    const [code] = (await once(child, 'exit')) as [number | null];
    clearTimeout(timer);
    this.steps.push(`run ${code}`);
    return code;
  }

  /** What is broken of what was promised, at any time. */
  async findBroken(): Promise<readonly string[]> {
    const broken: string[] = [];
    const { repositories } = this.hosts.gitlab;
    for (const [stored, refs] of this.#foreign)
      if (JSON.stringify(await readRefs(await repositories.path(stored))) !== JSON.stringify(refs))
        broken.push(`${stored.name} is somebody else's and was pushed to`);
    for (const mirror of this.#mirrors()) {
      if (!mirror.isPrivate) broken.push(`${mirror.name} is public`);
      const id = Number(parseMarker(mirror.description)?.identity.split('#')[1]);
      const known = this.#values.get(id);
      for (const [ref, oid] of Object.entries(await readRefs(await repositories.path(mirror))))
        if (known?.has(oid) !== true && !this.#written.has(oid))
          broken.push(`${mirror.name} has ${ref}, which is not of its source ${id}`);
    }
    const text = this.output.join('');
    if (text.includes(sourceToken) || text.includes(destinationToken)) broken.push('a token was written');
    return broken;
  }

  /** Its name is taken over there by somebody else, and the last run says so: a person must decide. */
  #isToldConflict({ name }: StoredRepository): boolean {
    const told = new RegExp(`acme/${name}: "(app-\\d+)" is at the destination already`);
    const [, taken = ''] = told.exec(this.output.slice(this.#lastRun).join('')) ?? [];
    return [...this.#foreign.keys()].some((foreign) => foreign.name === taken);
  }

  /** No more trouble: names of the sources whose mirror is not equal, or that have none. */
  async findUnequal(): Promise<readonly string[]> {
    const { gitlab, github } = this.hosts;
    const unequal: string[] = [];
    for (const source of this.#sources) {
      const own = this.#mirrors().filter(
        ({ description }) => parseMarker(description)?.identity.split('#')[1] === String(source.id),
      );
      const [mirror] = own;
      const theirs = mirror && (await readRefs(await gitlab.repositories.path(mirror)));
      const ours = await readRefs(await github.repositories.path(source));
      if (own.length === 0 && this.#isToldConflict(source)) continue;
      if (own.length !== 1 || !isSame(theirs, ours)) unequal.push(`${source.name} (${own.length} mirrors)`);
    }
    return unequal;
  }
}

function isSame(one: object | undefined, other: object): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** One world: trouble, kills, and then quiet. Throws with its seed where a promise was broken. */
export async function runWorld(seed: number): Promise<void> {
  await using hosts = await openFleetHosts();
  await hosts.configure('    force: true');
  const random = createRandom(seed);
  const world = new CampaignWorld(hosts, random);
  for (let index = 0; index < 3; index++) await world.add();
  for (let round = 0; round < 4; round++) {
    for (let count = 1 + random() * 4; count > 0; count--) await world.step();
    await world.run(random() < 0.5);
    await expectNothing('broken', await world.findBroken(), seed, world);
  }
  for (const server of [hosts.github, hosts.gitlab]) server.faults.length = 0;
  // The git of a killed run may still be at work during the first one.
  for (let quiet = 0; quiet < 2; quiet++) await world.run(false);
  await expectNothing('broken', await world.findBroken(), seed, world);
  await expectNothing('not equal', await world.findUnequal(), seed, world);
}

async function expectNothing(what: string, found: readonly string[], seed: number, world: CampaignWorld) {
  if (found.length === 0) return;
  const story = `${world.steps.join(', ')}\n${world.output.join('').slice(-4_000)}`;
  throw new Error(`world ${seed}: ${what}: ${found.join('; ')}\n${story}`);
}
