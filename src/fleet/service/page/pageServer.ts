import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '../listener';
import { toMetrics } from '../metrics';
import type { RunLogs } from '../runLogs';
import { type FleetView, readView } from '../views';
import type { Access } from './access';
import { script, style } from './assets';
import { parseFilter, toOverview } from './overview';
import { actions, type Paged } from './pageService';
import { toLoginPage, toLogPage, toRepositoryPage } from './repository';

/** What the pages are made of. */
export interface PageParts extends Paged {
  readonly access: Access;
  readonly logs: Pick<RunLogs, 'read'>;
  /** Calls back when something has changed; gives what ends that. */
  readonly onChange: (listener: () => void) => () => void;
}

/** Nothing from elsewhere, in no frame; forms go to ourselves. */
const headers = {
  'Content-Security-Policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  // A form comes back to the page that it was sent from.
  'Referrer-Policy': 'same-origin',
  'Cache-Control': 'no-store',
};

/** Answers a request for a page, or for what monitoring reads. */
export async function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  parts: PageParts,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://page');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (!parts.access.isExpectedHost(request))
    return send(response, 421, 'text/plain', 'This page is open at the name of this machine only.\n');
  if (url.pathname === '/healthz') return send(response, 200, 'text/plain', 'ok\n');
  if (url.pathname === '/style.css') return send(response, 200, 'text/css', style);
  if (url.pathname === '/page.js') return send(response, 200, 'text/javascript', script);
  if (request.method === 'POST') return await answerForm(request, response, url, parts);
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return send(response, 405, 'text/plain', 'GET or POST\n');
  if (!parts.access.isOpenFor(request)) return askForLogin(request, response, parts.access, url.pathname);
  if (url.pathname === '/metrics')
    return send(
      response,
      200,
      'text/plain; version=0.0.4',
      toMetrics(await view(parts), parts.service.counts, Date.now()),
    );
  if (url.pathname === '/events') return sendEvents(response, parts);
  const page = await toPageOf(request, response, url, parts);
  if (page === undefined) send(response, 404, 'text/plain', 'There is no such page.\n');
  else send(response, 200, 'text/html', page);
}

async function view({ viewed, service }: PageParts): Promise<FleetView> {
  return await readView(
    viewed,
    (mirror, identity) => service.activityOf(mirror, identity),
    service.isStopped,
  );
}

async function toPageOf(
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
  parts: PageParts,
): Promise<string | undefined> {
  const { csrf, cookie } = parts.access.csrfOf(request);
  if (cookie !== undefined) response.setHeader('Set-Cookie', cookie);
  const visit = { csrf, isLive: true, actions: parts.actions };
  const query = url.searchParams;
  if (url.pathname === '/') return toOverview(await view(parts), parseFilter(query), visit);
  const { mirror, identity } = { mirror: query.get('mirror') ?? '', identity: query.get('identity') ?? '' };
  const found = (await view(parts)).repositories.find(
    ({ state }) => state.mirror === mirror && state.identity === identity,
  );
  if (found === undefined) return undefined;
  if (url.pathname === '/repository')
    return toRepositoryPage(found, await parts.viewed.store.readRuns(mirror, identity), visit);
  if (url.pathname !== '/log') return undefined;
  const text = await parts.logs.read({ mirror, identity }, query.get('log') ?? '');
  const back = new URLSearchParams({ mirror, identity }).toString();
  return text === undefined ? undefined : toLogPage(found.state.path, back, text);
}

/** A form has a few hundred bytes. */
const formBytes = 10_000;

async function answerForm(
  request: IncomingMessage,
  response: ServerResponse,
  { pathname }: URL,
  parts: PageParts,
): Promise<void> {
  const { access } = parts;
  const body = await readBody(request, formBytes);
  if (typeof body === 'number') return send(response, body, 'text/plain', 'That is too much.\n');
  const form = new URLSearchParams(body.toString());
  if (!access.isOurs(request, form.get('csrf') ?? ''))
    return send(
      response,
      403,
      'text/plain',
      'This form is not from a page of this service. Load the page again.\n',
    );
  if (pathname === '/login') return logIn(request, response, form.get('token') ?? '', access);
  if (!access.isOpenFor(request)) return send(response, 401, 'text/plain', 'Log in first.\n');
  const [mirror = '', identity = ''] = (form.get('repository') ?? '').split(' ');
  const isDone = await act(pathname.slice(1), mirror, identity, parts);
  if (!isDone)
    return send(response, 409, 'text/plain', "This can't be done now. Go back and load the page again.\n");
  response.setHeader('Location', toReturn(request.headers.referer));
  send(response, 303, 'text/plain', '');
}

async function act(
  action: string,
  mirror: string,
  identity: string,
  { viewed, service, log, actions: possible }: PageParts,
): Promise<boolean> {
  log.info(`Asked on the page: ${action} ${identity}`.trim());
  const known = actions.find((each) => each === action);
  if (known === undefined || !possible.has(known)) return false;
  switch (known) {
    case 'mirror':
      return service.ask(mirror, identity);
    case 'mirror-all':
      await service.askAll();
      return true;
    case 'check':
      return service.check(mirror, identity);
    case 'check-all':
      return service.check();
    case 'list':
      void service.list().catch(() => undefined);
      return true;
    case 'accept-listing':
      if (!viewed.mirrors.some(({ name }) => name === mirror)) return false;
      void service.acceptListing(mirror).catch(() => undefined);
      return true;
    case 'pause':
    case 'resume':
      await service.pause(mirror, identity, action === 'pause');
      return true;
    case 'stop-all':
      service.stopAll();
      return true;
    case 'resume-all':
      service.resumeAll();
      return true;
  }
}

/** Back to the page that the form was on; never to another host. */
function toReturn(referer: string | undefined): string {
  if (referer === undefined || !URL.canParse(referer)) return '/';
  const { pathname, search } = new URL(referer);
  return pathname.startsWith('//') ? '/' : `${pathname}${search}`;
}

function askForLogin(
  request: IncomingMessage,
  response: ServerResponse,
  access: Access,
  pathname: string,
): void {
  const { csrf, cookie } = access.csrfOf(request);
  if (cookie !== undefined) response.setHeader('Set-Cookie', cookie);
  // What a program reads gets no form.
  if (pathname === '/metrics' || pathname === '/events') send(response, 401, 'text/plain', 'Log in first.\n');
  else send(response, 401, 'text/html', toLoginPage(csrf, false));
}

function logIn(request: IncomingMessage, response: ServerResponse, token: string, access: Access): void {
  const cookie = access.logIn(token);
  if (cookie === undefined) {
    send(response, 401, 'text/html', toLoginPage(access.csrfOf(request).csrf, true));
    return;
  }
  response.setHeader('Set-Cookie', cookie);
  response.setHeader('Location', '/');
  send(response, 303, 'text/plain', '');
}

function sendEvents(response: ServerResponse, { onChange }: PageParts): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write('retry: 5000\n\n');
  const end = onChange(() => response.write('event: changed\ndata: {}\n\n'));
  response.on('close', end);
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'Content-Type': `${type}; charset=utf-8` }).end(text);
}
