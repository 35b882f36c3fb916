import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fleet } from '../run/fleet';
import { readBody } from './listener';
import { hookBytes, receiveHook } from './receiveHook';
import type { FleetService } from './service';

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
  const received = {
    method: request.method ?? '',
    path: new URL(request.url ?? '/', 'http://hooks').pathname,
    headers: request.headers,
    readBody: () => readBody(request, hookBytes),
  };
  const { status, hint } = await receiveHook(received, fleet, async (test) => test(await readSecrets()));
  response.writeHead(status, { 'Content-Type': 'text/plain' }).end();
  if (hint?.kind === 'look') await service.hinted(hint.identity);
  if (hint?.kind === 'list') await service.list();
}
