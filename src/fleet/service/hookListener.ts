import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fleet } from '../run/fleet';
import { readBody, type SharedBytes } from './listener';
import { hookBytes, receiveHook } from './receiveHook';
import type { FleetService } from './service';

interface HookParts {
  readonly fleet: Fleet;
  readonly service: Pick<FleetService, 'hinted' | 'list'>;
  readonly readSecrets: () => Promise<readonly string[]>;
  readonly shared: SharedBytes;
}

/**
 * Answers a webhook at `/hooks/<mirror>` before any work begins. `readSecrets` gives the secrets that are valid now: two
 * while one is replaced.
 */
export function createHookAnswer(
  fleet: Fleet,
  service: HookParts['service'],
  readSecrets: HookParts['readSecrets'],
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  // Of bodies that nobody has verified yet: four of the largest at a time.
  const shared = { left: 4 * hookBytes };
  return (request, response) => answerHook(request, response, { fleet, service, readSecrets, shared });
}

async function answerHook(
  request: IncomingMessage,
  response: ServerResponse,
  { fleet, service, readSecrets, shared }: HookParts,
): Promise<void> {
  const received = {
    method: request.method ?? '',
    path: new URL(request.url ?? '/', 'http://hooks').pathname,
    headers: request.headers,
    readBody: () => readBody(request, hookBytes, shared),
  };
  const { status, hint } = await receiveHook(received, fleet, async (test) => test(await readSecrets()));
  // What is left of a body that was not read is not waited for.
  const more = request.complete ? {} : { Connection: 'close' };
  response.writeHead(status, { 'Content-Type': 'text/plain', ...more }).end();
  if (hint?.kind === 'look') await service.hinted(hint.identity);
  if (hint?.kind === 'list') await service.list();
}
