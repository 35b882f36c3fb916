import { createRequestHandler } from '../../../aws/http';
import { openRows } from './dynamoRows';
import { callAws } from './errors';
import { type Message, type Place, toDigest, toGroup } from './message';

/** Where repositories are mirrored that do not fit into a function. */
export interface Builds {
  /** What is known of a place that was handed over. */
  find(place: Place): Promise<BuildState | undefined>;
  /** Starts a build for the place, unless one is running; gives its id. */
  start(place: Place): Promise<string>;
  /** Notes that something may have happened while a build was running. */
  mark(place: Place): Promise<void>;
  /** Says that the build of the place has ended; gives whether something was noted since it began. */
  end(place: Place): Promise<boolean>;
}

export interface BuildState {
  /** A build was started, has not said that it has ended, and may still run. */
  readonly isRunning: boolean;
  /** It was handed over in the last days: a function does not try it again. */
  readonly isLarge: boolean;
}

interface CodeBuildOptions {
  /** The name of the project. */
  readonly project: string;
  readonly table: string;
  readonly region: string;
  /** Of this function: a build runs its image. Undefined where the project names its image itself. */
  readonly functionName: string | undefined;
  readonly now: () => number;
}

/** As long as a build may run (`TimeoutInMinutes` of the project), and a little more. */
const buildMilliseconds = 8.5 * 3_600_000;
/** After this a function tries the repository again: it may have been large only at its first mirror. */
const largeMilliseconds = 7 * 24 * 3_600_000;

/** Builds of AWS CodeBuild, and a row a place in the table of the states that says which one has it. */
export function openCodeBuilds(options: CodeBuildOptions): Builds {
  const { table, region, now } = options;
  const rows = openRows(table, region);
  return {
    async find(place) {
      return toState(readRow(await rows.find(toKey(place), 'build')), now());
    },
    async start(place) {
      const row = readRow(await rows.find(toKey(place), 'build'));
      if (row !== undefined && toState(row, now())?.isRunning) return row.build;
      const build = await startBuild(options, place);
      const body = { build, startedAt: now(), endedAt: undefined };
      const expires = Math.floor((now() + largeMilliseconds) / 1000);
      await rows.write([{ pk: toKey(place), sk: 'build', body, expires }]);
      return build;
    },
    async mark(place) {
      await rows.write([{ pk: toKey(place), sk: 'mark', body: { at: now() } }]);
    },
    async end(place) {
      const row = readRow(await rows.find(toKey(place), 'build'));
      if (row === undefined) return false;
      const expires = Math.floor((now() + largeMilliseconds) / 1000);
      // First this, then the mark: whoever marks looks at this afterwards, so that one of the two sees the other.
      await rows.write([{ pk: toKey(place), sk: 'build', body: { ...row, endedAt: now() }, expires }]);
      return readMark(await rows.find(toKey(place), 'mark')) >= row.startedAt;
    },
  };
}

function readMark(row: unknown): number {
  const at = typeof row === 'object' && row !== null && 'at' in row ? row.at : undefined;
  return typeof at === 'number' ? at : 0;
}

interface BuildRow {
  readonly build: string;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
}

function readRow(row: unknown): BuildRow | undefined {
  if (typeof row !== 'object' || row === null) return undefined;
  const { build, startedAt, endedAt } = row as Record<string, unknown>;
  if (typeof build !== 'string' || typeof startedAt !== 'number') return undefined;
  return { build, startedAt, endedAt: typeof endedAt === 'number' ? endedAt : undefined };
}

function toState(row: BuildRow | undefined, now: number): BuildState | undefined {
  if (row === undefined) return undefined;
  return {
    isRunning: row.endedAt === undefined && now - row.startedAt < buildMilliseconds,
    isLarge: now - row.startedAt < largeMilliseconds,
  };
}

function toKey(place: Place): string {
  return `build#${toGroup(place)}`;
}

/** What the build is to do, as its program reads it from the environment. No part of it is a secret. */
async function startBuild(options: CodeBuildOptions, place: Place): Promise<string> {
  const { project, region } = options;
  const { CodeBuildClient, StartBuildCommand } = await import('@aws-sdk/client-codebuild');
  const client = new CodeBuildClient({ region, requestHandler: createRequestHandler() });
  const image = await readImage(options);
  const id = toDigest(['build', toGroup(place), String(options.now())]);
  const message: Message = { version: 1, place, reason: 'built', id, continued: 0 };
  const input = {
    projectName: project,
    environmentVariablesOverride: [
      { name: 'MIRROR_MESSAGE', value: JSON.stringify(message), type: 'PLAINTEXT' as const },
    ],
    idempotencyToken: id,
    ...(image !== undefined && {
      imageOverride: image,
      imagePullCredentialsTypeOverride: 'SERVICE_ROLE' as const,
    }),
  };
  const { build } = await callAws('codebuild:StartBuild', () => client.send(new StartBuildCommand(input)));
  return build?.id ?? 'without an id';
}

/** The image of this function, by its digest: `sam deploy` tells it to functions alone. */
async function readImage({ functionName, region }: CodeBuildOptions): Promise<string | undefined> {
  if (functionName === undefined) return undefined;
  const { GetFunctionCommand, LambdaClient } = await import('@aws-sdk/client-lambda');
  const client = new LambdaClient({ region, requestHandler: createRequestHandler() });
  const command = new GetFunctionCommand({ FunctionName: functionName });
  const { Code } = await callAws('lambda:GetFunction', () => client.send(command));
  return Code?.ResolvedImageUri ?? Code?.ImageUri;
}
