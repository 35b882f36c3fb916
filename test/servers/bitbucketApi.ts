import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from './loopback';

export interface ApiItem {
  readonly uuid: string;
  readonly [field: string]: unknown;
}

/** What the API knows of the one repository. */
export interface ApiState {
  enabled: boolean | undefined;
  keyPair: { readonly private_key: string; readonly public_key: string } | undefined;
  knownHosts: ApiItem[];
  variables: ApiItem[];
}

/** One answer in place of the real one, each time or so many times. */
export interface ApiFault {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default: always. */
  times?: number;
  /** Done before the answer: somebody else is at work too. */
  readonly meanwhile?: () => void;
}

export interface BitbucketApi extends AsyncDisposable {
  /** For `--bitbucket-api`. */
  readonly url: string;
  readonly state: ApiState;
  /** By `GET pipelines_config/variables`; the path is below the repository's, uuids left out. */
  readonly faults: Record<string, ApiFault | undefined>;
  /** Requests in their order, in the same form. */
  readonly requests: string[];
  pageSize: number;
}

export const apiToken = 'ATCTT3xFfGN0-bitbucket-token-of-the-tests';
export const repositoryUuid = '{0a1b2c3d-0000-4000-8000-00000000000a}';
export const workspaceUuid = '{0a1b2c3d-0000-4000-8000-00000000000b}';

/**
 * Opens Bitbucket's REST API 2.0 of our own, for the settings of the repository acme/app. It accepts the token as
 * a repository access token (Bearer), and as an API token of ada@example.com (Basic).
 */
export async function openBitbucketApi(): Promise<BitbucketApi> {
  const state: ApiState = { enabled: undefined, keyPair: undefined, knownHosts: [], variables: [] };
  const faults: Record<string, ApiFault | undefined> = {};
  const requests: string[] = [];
  const api = { state, faults, requests, pageSize: 100, url: '' };
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
  const fault = api.faults[call];
  if (fault !== undefined && fault.times !== 0) {
    if (fault.times !== undefined) fault.times -= 1;
    fault.meanwhile?.();
    return send(fault.status, fault.body ?? toError(`${call}: ${fault.status}`), fault.headers);
  }
  if (!isKnown(request.headers.authorization)) return send(401, toError('Token is invalid or expired.'));
  if (repository !== 'acme/app') return send(404, toError('Repository not found'));
  const found = decide(api, { call, url, id: uuid && decodeURIComponent(uuid), body });
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
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

function decide(api: Api, asked: Asked): Answer {
  const { state } = api;
  const { call } = asked;
  if (call === 'GET')
    return { status: 200, body: { uuid: repositoryUuid, workspace: { uuid: workspaceUuid } } };
  if (call === 'GET pipelines_config')
    return state.enabled === undefined ? notFound : { status: 200, body: { enabled: state.enabled } };
  if (call === 'PUT pipelines_config') {
    state.enabled = JSON.parse(asked.body).enabled === true;
    return { status: 200, body: { enabled: state.enabled } };
  }
  if (call.endsWith(' pipelines_config/ssh/key_pair')) return decideKeyPair(state, asked);
  if (call.endsWith(' pipelines_config/ssh/known_hosts')) {
    return decideItems(api, asked, 'knownHosts', 'hostname');
  }
  if (call.endsWith(' pipelines_config/variables')) {
    return decideItems(api, asked, 'variables', 'key');
  }
  return notFound;
}

const notFound: Answer = { status: 404, body: toError('Not found') };

/** The private key is write-only. */
function decideKeyPair(state: ApiState, { call, body }: Asked): Answer {
  if (call.startsWith('PUT')) state.keyPair = JSON.parse(body);
  if (state.keyPair === undefined) return notFound;
  const { public_key } = state.keyPair;
  if (call.startsWith('DELETE')) state.keyPair = undefined;
  return call.startsWith('DELETE') ? { status: 204 } : { status: 200, body: { public_key } };
}

/** `key` is the field that no two may have in common. */
function decideItems(api: Api, asked: Asked, list: 'knownHosts' | 'variables', key: string): Answer {
  const { call, url, id, body } = asked;
  const all = api.state[list];
  if (call.startsWith('GET')) return { status: 200, body: toPage(all, url, api.pageSize) };
  if (call.startsWith('POST')) {
    const item = { ...JSON.parse(body), uuid: `{${randomUUID()}}` };
    if (all.some((each) => each[key] === item[key])) return { status: 409, body: toError('Conflict') };
    api.state[list] = [...all, item];
    return { status: 201, body: hideSecured(item) };
  }
  const present = all.find(({ uuid }) => uuid === id);
  if (present === undefined) return notFound;
  const changed = call.startsWith('PUT') ? [{ ...present, ...JSON.parse(body) }] : [];
  api.state[list] = all.flatMap((each) => (each === present ? changed : [each]));
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
