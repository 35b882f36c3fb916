import { isDeepStrictEqual } from 'node:util';
import { parseMarker } from '../../../src/fleet/plan/marker';
import { deliver } from '../../../src/sandbox/hosts/deliver';
import type { GithubServer } from '../../../src/sandbox/hosts/github';
import type { GitlabServer } from '../../../src/sandbox/hosts/gitlab';
import { toLimitReached } from '../../../src/sandbox/hosts/gitlabAnswers';
import type { StoredRepository } from '../../../src/sandbox/hosts/repositories';
import { git, grow, readRefs } from '../../servers/git';
import { type HostPair, openHostPair } from '../../servers/hostPair';
import { destinationToken, sourceToken } from '../command/fleetHosts';
import { hookSecret, type Machine } from './machine';

const acts = [
  'grow',
  'grow',
  'grow',
  'rewrite',
  'drop',
  'add',
  'rename',
  'remove',
  'remake',
  'archive',
  'intrude',
  'occupy',
  'fault',
  'fault',
  'quota',
  'token',
] as const;

const limitReached = { error: [toLimitReached(2)] };

/** One organisation on a GitHub, one group on a GitLab, and trouble. */
export class CampaignWorld implements AsyncDisposable {
  readonly name: string;
  readonly github: GithubServer;
  readonly gitlab: GitlabServer;
  readonly #random: () => number;
  /** Every value that a ref of a source ever had, by the ID of the source. */
  readonly #values = new Map<number, Set<string>>();
  /** What somebody else wrote into mirrors. */
  readonly #written = new Set<string>();
  /** Repositories at the destination that are not ours, with their refs. */
  readonly #foreign = new Map<StoredRepository, Record<string, string>>();
  readonly #everThere = new Set<StoredRepository>();
  /** What its host would tell of. */
  #hooks: { readonly event: 'push' | 'deleted'; readonly of: StoredRepository }[] = [];
  #count = 0;
  readonly steps: string[] = [];

  private constructor(name: string, random: () => number, { github, gitlab }: HostPair) {
    this.name = name;
    this.#random = random;
    this.github = github;
    this.gitlab = gitlab;
    github.pageSize = 2;
  }

  static async open(name: string, root: string, random: () => number): Promise<CampaignWorld> {
    const pair = await openHostPair(root, { source: sourceToken, destination: destinationToken });
    const world = new CampaignWorld(name, random, pair);
    for (let index = 0; index < 2; index++) await world.#add();
    return world;
  }

  /** Of mirrors.yaml. */
  get mirror() {
    return {
      name: this.name,
      from: { host: 'github', url: this.github.url, owner: 'acme', token: '$GITHUB_TOKEN' },
      to: { host: 'gitlab', url: this.gitlab.url, group: 'mirror', token: '$GITLAB_TOKEN' },
      force: true,
      prune: true,
    };
  }

  get #sources() {
    return this.github.repositories.all;
  }

  #pick<T>(all: readonly T[]): T | undefined {
    return all[Math.floor(this.#random() * all.length)];
  }

  async #note(source: StoredRepository): Promise<void> {
    const known = this.#values.get(source.id) ?? new Set<string>();
    this.#values.set(source.id, known);
    const refs = await readRefs(await this.github.repositories.path(source));
    for (const oid of Object.values(refs)) known.add(oid);
  }

  async #add(name = `app-${this.#count++}`): Promise<void> {
    const added = this.github.repositories.add({ owner: 'acme', name });
    const path = await this.github.repositories.path(added);
    await grow(path, 'main');
    await grow(path, 'work', { from: 'main' });
    await this.#note(added);
  }

  /** One thing that happens. */
  async step(): Promise<void> {
    const source = this.#pick(this.#sources.filter(({ isArchived }) => !isArchived));
    const act = this.#pick(acts) ?? 'add';
    this.steps.push(`${act} ${source?.name}`);
    const { repositories } = this.github;
    if (act === 'add' || source === undefined) return await this.#add();
    switch (act) {
      case 'rename':
        return repositories.rename(source, { name: `app-${this.#count++}` });
      case 'remove':
      case 'remake':
        repositories.remove(source);
        this.#hooks.push({ event: 'deleted', of: source });
        return act === 'remake' ? await this.#add(source.name) : undefined;
      case 'archive':
        source.isArchived = true;
        // GitHub's time of the last push is right in the end.
        source.changedAt = new Date(source.changedAt.getTime() + 60_000);
        return;
      case 'intrude':
        return await this.#intrude();
      case 'occupy':
        return await this.#occupy(`app-${this.#count}`);
      case 'fault':
        return this.#fail();
      case 'quota':
        this.gitlab.faults.push({ when: /^POST .*projects$/, status: 403, body: limitReached });
        return;
      case 'token':
        return this.#setExpired(this.#random() < 0.5 ? sourceToken : destinationToken, true);
      default:
        return await this.#change(source, act);
    }
  }

  #setExpired(text: string, isExpired: boolean): void {
    for (const server of [this.github, this.gitlab]) {
      const token = server.tokens.get(text);
      if (token !== undefined) token.isExpired = isExpired;
    }
  }

  async #change(source: StoredRepository, act: 'grow' | 'rewrite' | 'drop'): Promise<void> {
    const path = await this.github.repositories.path(source);
    if (act !== 'grow') await git(path, 'branch', '-D', 'work').catch(() => undefined);
    if (act === 'grow') await grow(path, 'main');
    if (act === 'rewrite') await grow(path, 'work', { from: 'main' });
    // The listing tells of some pushes late or never, as GitLab's does.
    if (this.#random() < 0.7) source.changedAt = new Date(source.changedAt.getTime() + 60_000);
    this.#hooks.push({ event: 'push', of: source });
    await this.#note(source);
  }

  /** Somebody pushes to a mirror; not to that of an archived source, which stays as it is. */
  async #intrude(): Promise<void> {
    const archived = this.#sources.filter(({ isArchived }) => isArchived).map(({ id }) => `#${id} `);
    const mirror = this.#pick(
      this.#mirrors().filter(({ description }) => !archived.some((id) => description.includes(id))),
    );
    if (mirror === undefined) return;
    this.#written.add(await grow(await this.gitlab.repositories.path(mirror), 'intruder'));
  }

  /** Somebody makes a repository under a name that a mirror would get. */
  async #occupy(name: string): Promise<void> {
    const { repositories } = this.gitlab;
    if (repositories.find('mirror', name) !== undefined) return;
    const stored = repositories.add({ owner: 'mirror', name });
    const path = await repositories.path(stored);
    await grow(path, 'main');
    this.#foreign.set(stored, await readRefs(path));
  }

  #fail(): void {
    const list = /orgs\/acme\/repos.*page=2/;
    const { github, gitlab } = this;
    const kinds = [
      () => github.faults.push({ when: list, status: 403, times: 3 }),
      () => github.faults.push({ when: list, resets: true, times: 1 }),
      () => github.faults.push({ when: /sort=pushed/, status: 404, times: 2 }),
      () => github.faults.push({ when: /repositories\/\d+$/, status: 403, times: 2 }),
      () => gitlab.faults.push({ when: /groups\/mirror\/projects/, status: 403, times: 2 }),
      () => gitlab.faults.push({ when: /^POST .*projects/, status: 500, times: 3 }),
      () => gitlab.faults.push({ when: /^PUT .*projects/, status: 403, times: 3 }),
    ];
    this.#pick(kinds)?.();
  }

  /** Some webhooks are lost, some come twice, none in order, and some are forged. */
  async sendHooks({ hooks }: Machine): Promise<void> {
    const waiting = this.#hooks.flatMap((hook) => {
      const luck = this.#random();
      return luck < 0.3 ? [] : luck < 0.5 ? [hook, hook] : [hook];
    });
    this.#hooks = [];
    const shuffled = waiting
      .map((hook) => ({ hook, at: this.#random() }))
      .sort((one, other) => one.at - other.at);
    const url = `${hooks}/hooks/${this.name}`;
    for (const { hook } of shuffled)
      await deliver('github', { url, secret: hookSecret }, hook.event, hook.of).catch(() => undefined);
    const [any] = this.#sources;
    if (any === undefined || this.#random() < 0.8) return;
    const status = await deliver('github', { url, secret: `${hookSecret}x` }, 'push', any).catch(() => 401);
    if (status !== 401) throw new Error(`a forged webhook was answered ${status}`);
  }

  #mirrors(): readonly StoredRepository[] {
    return this.gitlab.repositories.all.filter((each) => !this.#foreign.has(each));
  }

  /** No more trouble. */
  calm(): void {
    for (const server of [this.github, this.gitlab]) server.faults.length = 0;
    for (const text of [sourceToken, destinationToken]) this.#setExpired(text, false);
  }

  /** What is broken of what was promised, at any time. */
  async findBroken(): Promise<readonly string[]> {
    const broken: string[] = [];
    const { repositories } = this.gitlab;
    for (const [stored, refs] of this.#foreign)
      if (!isDeepStrictEqual(await readRefs(await repositories.path(stored)), refs))
        broken.push(`${stored.name} is somebody else's and was pushed to`);
    for (const stored of this.#everThere)
      if (!repositories.all.includes(stored)) broken.push(`${stored.name} was deleted at the destination`);
    for (const mirror of this.#mirrors()) {
      this.#everThere.add(mirror);
      if (!mirror.isPrivate) broken.push(`${mirror.name} is public`);
      const id = Number(parseMarker(mirror.description)?.identity.split('#')[1]);
      const known = this.#values.get(id);
      for (const [ref, oid] of Object.entries(await readRefs(await repositories.path(mirror))))
        if (known?.has(oid) !== true && !this.#written.has(oid))
          broken.push(`${mirror.name} has ${ref}, which is not of its source ${id}`);
    }
    return broken.map((each) => `${this.name}: ${each}`);
  }

  /** A person must decide: its name is taken over there by somebody else. */
  #isOccupied({ name }: StoredRepository): boolean {
    return [...this.#foreign.keys()].some((foreign) => foreign.name === name);
  }

  /** Names of the sources whose mirror is not equal, or that have none or several. */
  async findUnequal(): Promise<readonly string[]> {
    const unequal: string[] = [];
    for (const source of this.#sources) {
      const own = this.#mirrors().filter(
        ({ description }) => parseMarker(description)?.identity.split('#')[1] === String(source.id),
      );
      const [mirror] = own;
      if (mirror === undefined && this.#isOccupied(source)) continue;
      const theirs = mirror && (await readRefs(await this.gitlab.repositories.path(mirror)));
      const ours = await readRefs(await this.github.repositories.path(source));
      if (own.length !== 1 || !isDeepStrictEqual(theirs, ours))
        unequal.push(
          `${this.name}: ${source.name} (${own.length} mirrors)${source.isArchived ? ' archived' : ''}`,
        );
    }
    return unequal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.github[Symbol.asyncDispose]();
    await this.gitlab[Symbol.asyncDispose]();
  }
}
