import type { IncomingMessage, ServerResponse } from 'node:http';
import { deliveriesOf } from '../hosts/open';
import type { Fleet } from '../run/fleet';
import { readBody } from './listener';
import type { FleetService } from './service';

/** GitHub caps payloads at 25 MB ("Webhook events and payloads"). */
const bodyBytes = 25 * 2 ** 20;

/**
 * Answers a webhook at `/hooks/<mirror>` before any work begins. `readSecrets` gives the secrets that are valid now: two
 * while one is replaced.
 */
export async function answerHook(
  request: IncomingMessage,
  response: ServerResponse,
  fleet: Fleet,
  service: Pick<FleetService, 'hinted' | 'list'>,
  readSecrets: () => Promise<readonly string[]>,
): Promise<void> {
  const [, name = ''] =
    /^\/hooks\/([\w.-]+)$/.exec(new URL(request.url ?? '/', 'http://hooks').pathname) ?? [];
  const mirror = fleet.configuration.mirrors.find((each) => each.name === name);
  const kind = mirror && deliveriesOf[mirror.from.host];
  if (mirror === undefined || kind === undefined) return end(response, 404);
  if (request.method !== 'POST') return end(response, 405);
  const body = await readBody(request, bodyBytes);
  if (body === undefined) return end(response, 413);
  const delivery = { headers: request.headers, body };
  if (!kind.isGenuine(delivery, await readSecrets(), Date.now())) return end(response, 401);
  end(response, 202);
  const hint = kind.parse(delivery, fleet.hostsOf(mirror).source.authority);
  if (hint.kind === 'look') await service.hinted(hint.identity);
  if (hint.kind === 'list') await service.list();
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'Content-Type': 'text/plain' }).end();
}
