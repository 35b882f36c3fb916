import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { grow, readRefs } from '../servers/git';
import type { PipelinesClone } from '../servers/pipelinesClone';
import { expectNothingLeft, readTree } from './footprint';
import { growSource, type Revisions, resolve, seedDestination } from './scene';
import { openWorld, type Run, type ServerName, type World } from './world';

/** Variables of a step; `undefined` takes one away. */
type Step = Readonly<Record<string, string | undefined>>;

/** One run of the pipe, and the world that it must leave. */
export interface Case {
  readonly title: string;
  /** What the source has, in place of the usual scene. */
  readonly source?: (world: World) => Promise<unknown>;
  /** The destination before the run, as revisions of the source; nothing unless said. */
  readonly there?: Revisions;
  /** Branches of the destination that somebody committed to over there. */
  readonly rivals?: readonly string[];
  /** What the pipeline runs for, and how it clones: branch main, depth 50 unless said. `none`: an empty folder. */
  readonly clone?: NonNullable<Parameters<World['clone']>[0]> | 'none';
  /** What happens between the clone and the run, and what is made to go wrong from then on. */
  readonly meanwhile?: (world: World, clone: PipelinesClone) => Promise<unknown>;
  readonly variables?: Step | ((world: World) => Step);
  /** 0 unless said. */
  readonly exitCode?: number;
  /** What the log says, among other things. */
  readonly says?: string | RegExp;
  /** Connections that the other end accepted: 1 unless said, none when the variables are at fault. */
  readonly connections?: number | 'any';
  /** What happens at the source while the program runs is its own doing: it need not be as it was before. */
  readonly sourceMoves?: true;
  /** Whether anything is fetched from the source; both may be unless said. */
  readonly fetches?: boolean;
  /**
   * The destination's complete refs after the run: revisions of the source as it is then, or `there:<ref>` for what
   * the destination had before. As it was before unless said.
   */
  readonly after?: Revisions;
}

/** Runs a case in a world of its own, and holds all of that world against what was promised. */
export async function runCase(server: ServerName, expected: Case): Promise<void> {
  await using world = await openWorld(server);
  await (expected.source ?? growSource)(world);
  await seedDestination(world, expected.there ?? {});
  for (const branch of expected.rivals ?? []) await grow(world.destination, branch, { file: 'rival' });
  const clone = await openClone(world, expected.clone);
  await expected.meanwhile?.(world, clone);

  const [before, tree, source] = await Promise.all([
    world.destinationRefs(),
    readTree(clone.dir),
    world.sourceRefs(),
  ]);
  world.bitbucket.requests.length = 0;
  const variables = typeof expected.variables === 'function' ? expected.variables(world) : expected.variables;
  // One attempt unless said: the pauses before another would be most of the time that a failure takes.
  const run = await world.pipe(clone, { MAX_ATTEMPTS: '1', ...variables });

  expectEnd(run, expected, clone);
  expect(await world.destinationRefs()).toEqual(await readPromise(world, before, expected.after));
  expect(await readTree(clone.dir)).toEqual(tree);
  if (expected.sourceMoves === undefined) expect(await readRefs(world.source)).toEqual(source);
  const connections = expected.connections ?? (expected.exitCode === 2 ? 0 : 1);
  if (connections !== 'any') expect(world.countConnections()).toBe(connections);
  if (expected.fetches !== undefined) expectRequests(world, expected.fetches);
  await expectNothingLeft(world);
}

async function openClone(world: World, clone: Case['clone']): Promise<PipelinesClone> {
  if (clone !== 'none') return world.clone(clone);
  const dir = join(world.root, 'empty');
  await mkdir(dir);
  return { dir, env: {} };
}

function expectEnd({ exitCode, output }: Run, expected: Case, { env }: PipelinesClone): void {
  // The log tells why, so it stands in the failure too.
  expect({ exitCode, output }).toEqual({ exitCode: expected.exitCode ?? 0, output });
  if (typeof expected.says === 'string') expect(output).toContain(expected.says);
  if (expected.says instanceof RegExp) expect(output).toMatch(expected.says);
  expect(output).not.toMatch(/PRIVATE KEY/);
  if (env['PIPELINES_JWT_TOKEN'] !== undefined) expect(output).not.toContain(env['PIPELINES_JWT_TOKEN']);
  expect(output).not.toMatch(stackTrace);
}

const stackTrace = /^ +at .*:\d+/m;

async function readPromise(
  world: World,
  before: Readonly<Record<string, string>>,
  after: Revisions | undefined,
): Promise<Readonly<Record<string, string>>> {
  if (after === undefined) return before;
  const ofSource = Object.entries(after).filter(([, revision]) => !revision.startsWith('there:'));
  const ofThere = Object.entries(after).flatMap(([ref, revision]): [string, string][] => {
    const [, kept] = /^there:(.*)$/.exec(revision) ?? [];
    return kept === undefined ? [] : [[`refs/${ref}`, before[`refs/${kept}`] ?? 'was not there']];
  });
  return { ...(await resolve(world.source, Object.fromEntries(ofSource))), ...Object.fromEntries(ofThere) };
}

/** One look at the source is one request. */
function expectRequests({ bitbucket }: World, fetches: boolean): void {
  const [look, ...fetched] = bitbucket.requests;
  expect(look).toMatchObject({ method: 'GET', protocol: undefined });
  expect(fetched.some(({ command }) => command === 'fetch')).toBe(fetches);
  if (!fetches) expect(fetched).toEqual([]);
}
