import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../../src/sandbox/loopback';

export interface ApiItem {
  readonly uuid: string;
  readonly [field: string]: unknown;
}

/** What the API knows of a repository. */
export interface ApiState {
  enabled: boolean | undefined;
  /** The default branch; undefined in an empty repository. */
  branch: string | undefined;
  variables: ApiItem[];
  schedules: ApiItem[];
}

/** One answer in place of the real one, each time or so many times. */
export interface ApiFault {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: always. */
  times?: number;
  /** Its headers are sent, and then nothing more. */
  readonly stalls?: boolean;
  /** Done before the answer: somebody else is at work too. */
  readonly meanwhile?: () => void;
}

export interface BitbucketApi extends AsyncDisposable {
  /** For `--bitbucket-api`. */
  readonly url: string;
  /** Of acme/app. */
  readonly state: ApiState;
  /** By `<workspace>/<repository>`. */
  readonly repositories: Map<string, ApiState>;
  /** By `GET pipelines_config/variables`; the path is below the repository's, uuids left out. */
  readonly faults: Record<string, ApiFault | undefined>;
  /** Requests in their order, in the same form. */
  readonly requests: string[];
  pageSize: number;
  /** Told of each request before and after it is carried out. */
  onCall: (call: string, when: 'before' | 'after') => void;
}

export const apiToken = 'ATCTT3xFfGN0-bitbucket-token-of-the-tests';
export const repositoryUuid = '{0a1b2c3d-0000-4000-8000-00000000000a}';
export const workspaceUuid = '{0a1b2c3d-0000-4000-8000-00000000000b}';

export function createApiState(): ApiState {
  return { enabled: undefined, branch: 'main', variables: [], schedules: [] };
}

/**
 * Opens Bitbucket's REST API 2.0 of our own, for the settings of the repository acme/app and those that are added. It accepts the token as
 * a repository access token (Bearer), and as an API token of ada@example.com (Basic).
 */
export async function openBitbucketApi(): Promise<BitbucketApi> {
  const state = createApiState();
  const repositories = new Map([['acme/app', state]]);
  const faults: Record<string, ApiFault | undefined> = {};
  const requests: string[] = [];
  const onCall: BitbucketApi['onCall'] = () => undefined;
  const api = { state, repositories, faults, requests, pageSize: 100, url: '', onCall };
  const server = createServer((request, response) => {
    answer(api, request, response).catch((error: Error) => response.destroy(error));
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(server)}/2.0`;
  return Object.assign(api, {
    url,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

type Api = Omit<BitbucketApi, typeof Symbol.asyncDispose>;

async function answer(api: Api, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const url = new URL(request.url ?? '', api.url);
  const send = (status: number, value?: unknown, headers: Readonly<Record<string, string>> = {}) => {
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
    response.end(value === undefined ? undefined : JSON.stringify(value));
  };
  const [, repository, below = ''] = /^\/2\.0\/repositories\/([^/]+\/[^/]+)\/?(.*)$/.exec(url.pathname) ?? [];
  const [, path = '', uuid] = /^(.*?)(?:\/((?:\{|%7B).*))?$/.exec(below) ?? [];
  const call = `${request.method} ${path}`.trim();
  api.requests.push(call);
  api.onCall(call, 'before');
  const fault = api.faults[call];
  if (fault !== undefined && fault.times !== 0) {
    if (fault.times !== undefined) fault.times -= 1;
    fault.meanwhile?.();
    if (fault.stalls === true) return void response.writeHead(200).write('{');
    return send(fault.status, fault.body ?? toError(`${call}: ${fault.status}`), fault.headers);
  }
  if (!isKnown(request.headers.authorization)) return send(401, toError('Token is invalid or expired.'));
  const state = api.repositories.get(repository ?? '');
  if (state === undefined) return send(404, toError('Repository not found'));
  const asked = { call, url, id: uuid && decodeURIComponent(uuid), body, state };
  const found = decide(asked, api.pageSize);
  api.onCall(call, 'after');
  return send(found.status, found.body);
}

function isKnown(authorization: string | undefined): boolean {
  const basic = Buffer.from(`ada@example.com:${apiToken}`).toString('base64');
  return authorization === `Bearer ${apiToken}` || authorization === `Basic ${basic}`;
}

function toError(message: string) {
  return { type: 'error', error: { message } };
}

interface Asked {
  readonly call: string;
  readonly url: URL;
  readonly id: string | undefined;
  readonly body: string;
  readonly state: ApiState;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

function decide(asked: Asked, pageSize: number): Answer {
  const { call, state } = asked;
  const mainbranch = state.branch === undefined ? null : { name: state.branch };
  if (call === 'GET')
    return { status: 200, body: { uuid: repositoryUuid, workspace: { uuid: workspaceUuid }, mainbranch } };
  if (call === 'GET pipelines_config')
    return state.enabled === undefined ? notFound : { status: 200, body: { enabled: state.enabled } };
  if (call === 'PUT pipelines_config') {
    state.enabled = JSON.parse(asked.body).enabled === true;
    return { status: 200, body: { enabled: state.enabled } };
  }
  if (call.endsWith(' pipelines_config/variables')) return decideItems(asked, 'variables', pageSize);
  if (call.endsWith(' pipelines_config/schedules')) return decideItems(asked, 'schedules', pageSize);
  return notFound;
}

const notFound: Answer = { status: 404, body: toError('Not found') };

/** No two variables have one key; schedules may be alike. */
function decideItems(
  { call, url, id, body, state }: Asked,
  list: 'variables' | 'schedules',
  pageSize: number,
): Answer {
  const all = state[list];
  if (call.startsWith('GET')) return { status: 200, body: toPage(all, url, pageSize) };
  if (call.startsWith('POST')) {
    const item = { ...JSON.parse(body), uuid: `{${randomUUID()}}` };
    if (list === 'variables' && all.some((each) => each['key'] === item.key))
      return { status: 409, body: toError('Conflict') };
    state[list] = [...all, item];
    return { status: 201, body: hideSecured(item) };
  }
  const present = all.find(({ uuid }) => uuid === id);
  if (present === undefined) return notFound;
  const changed = call.startsWith('PUT') ? [{ ...present, ...JSON.parse(body) }] : [];
  state[list] = all.flatMap((each) => (each === present ? changed : [each]));
  return changed.length === 0 ? { status: 204 } : { status: 200, body: hideSecured(changed[0]) };
}

function toPage(all: readonly ApiItem[], url: URL, pageSize: number) {
  const page = Number(url.searchParams.get('page') ?? '1');
  const next = new URL(url);
  next.searchParams.set('page', String(page + 1));
  const more = all.length > page * pageSize;
  const values = all.slice((page - 1) * pageSize, page * pageSize).map(hideSecured);
  return { pagelen: pageSize, page, values, ...(more ? { next: next.href } : {}) };
}

function hideSecured(item: ApiItem): ApiItem {
  const { value, ...rest } = item;
  return item['secured'] === true ? { ...rest, uuid: item.uuid } : item;
}
