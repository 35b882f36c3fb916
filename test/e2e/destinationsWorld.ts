import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { openSandbox, type Sandbox } from '../../src/sandbox/server';
import { readRefs } from '../servers/git';
import { expectNothingLeft } from './footprint';
import { keyId, keyPair, openWorld, type Run, type World } from './world';

/** One of several destinations, each on a server of its own. */
export interface Place {
  readonly sandbox: Sandbox;
  /** A bare repository on disk. */
  readonly path: string;
  readonly url: string;
}

export interface Destinations extends AsyncDisposable {
  readonly world: World;
  readonly places: readonly Place[];
  /** CODECOMMIT_URL as Pipelines passes a list, and the known hosts. */
  readonly variables: Readonly<Record<string, string>>;
}

/** A world, or the given one, with so many more destinations beside its own, which is the first. */
export async function openDestinations(more: number, opened?: World): Promise<Destinations> {
  const world = opened ?? (await openWorld());
  const places: Place[] = [
    { sandbox: world.sandbox, path: world.destination, url: world.sandbox.url('app') },
  ];
  for (let index = 1; index <= more; index++) {
    const root = join(world.root, `codecommit-${index}`);
    await mkdir(root);
    const sandbox = await openSandbox({ root });
    sandbox.allow(keyId, keyPair.publicKey);
    places.push({ sandbox, path: await sandbox.createRepository('app'), url: sandbox.url('app') });
  }
  const urls = places.map(({ url }, index) => [`CODECOMMIT_URL_${index}`, url]);
  return {
    world,
    places,
    variables: {
      ...Object.fromEntries(urls),
      CODECOMMIT_URL_COUNT: String(places.length),
      KNOWN_HOSTS: places.map(({ sandbox }) => sandbox.knownHosts).join('\n'),
      REFS: 'all',
    },
    async [Symbol.asyncDispose]() {
      for (const { sandbox } of places.slice(1)) await sandbox[Symbol.asyncDispose]();
      if (opened === undefined) await world[Symbol.asyncDispose]();
    },
  };
}

/** Runs the pipe with a report, and gives both. */
export async function pipe(
  { world, variables }: Destinations,
  more: Readonly<Record<string, string>> = {},
  clone?: Awaited<ReturnType<World['clone']>>,
): Promise<Run & { readonly report: Report }> {
  const file = join(world.root, 'report.json');
  const run = await world.pipe(clone ?? (await world.clone()), { ...variables, REPORT_FILE: file, ...more });
  await expectNothingLeft(world);
  return { ...run, report: JSON.parse(await readFile(file, 'utf8')) };
}

export interface Report {
  readonly version: number;
  readonly verdict: string;
  readonly exitCode: number;
  readonly destinations: readonly {
    readonly destination: string;
    readonly verdict: string;
    readonly exitCode: number;
    readonly refs: readonly { readonly ref: string; readonly new: string | null; readonly code?: string }[];
    readonly error: { readonly code: string } | null;
  }[];
}

export const refsOf = ({ places }: Destinations) => Promise.all(places.map(({ path }) => readRefs(path)));

/** What the source is asked in a run with one destination, which is new as well. */
export async function countSingle(
  { world, variables }: Destinations,
  clone: Awaited<ReturnType<World['clone']>>,
) {
  await world.sandbox.createRepository('single');
  world.bitbucket.requests.length = 0;
  const only = { ...variables, CODECOMMIT_URL_COUNT: '1', CODECOMMIT_URL_0: world.sandbox.url('single') };
  expect((await world.pipe(clone, only)).exitCode).toBe(0);
  expect(countRequests(world).listings).toBeGreaterThan(0);
  return countRequests(world);
}

/** What the source was asked: listings of refs and fetches of objects. */
export function countRequests({ bitbucket }: World) {
  const { requests } = bitbucket;
  return {
    listings: requests.filter(({ method, protocol }) => method === 'GET' && protocol === undefined).length,
    fetches: requests.filter(({ command }) => command === 'fetch').length,
  };
}

export const toVerdicts = ({ report }: { report: Report }) =>
  report.destinations.map(({ verdict, exitCode, error }) => [verdict, exitCode, error?.code]);
