import { createHmac } from 'node:crypto';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfiguration } from '../../../src/fleet/configuration/configuration';
import { openFleet } from '../../../src/fleet/run/fleet';
import { createHookAnswer } from '../../../src/fleet/service/hookListener';
import { openListener } from '../../../src/fleet/service/listener';
import { openJournalStore } from '../../../src/fleet/state/journalStore';
import { openSession } from '../../../src/program/session';
import { openFleetHosts } from '../command/fleetHosts';
import { until } from './served';

const secret = 'a-secret-of-webhooks-with-enough-characters';
const mebibyte = Buffer.alloc(2 ** 20, ' ');

test('many large bodies at once do not fill the memory; small ones pass, and large ones again after them', async () => {
  await using hosts = await openFleetHosts();
  const surroundings = { env: {}, stdout: { write: () => true }, signal: new AbortController().signal };
  using session = openSession(surroundings, []);
  await using store = await openJournalStore(join(hosts.root, 'state'));
  const configuration = await readConfiguration(join(hosts.root, 'work/mirrors.yaml'));
  const noAws = { readSecret: () => Promise.reject(), readParameter: () => Promise.reject() };
  const fleet = await openFleet(configuration, store, session.context, noAws);
  const service = { hinted: async () => undefined, list: async () => undefined };
  await using listener = await openListener({
    address: '127.0.0.1',
    port: 0,
    answer: createHookAnswer(fleet, service, async () => [secret]),
  });
  const url = `${listener.url}/hooks/acme`;
  const begin = () => {
    const sent = request(url, { method: 'POST', headers: { 'Transfer-Encoding': 'chunked' } });
    sent.on('error', () => undefined);
    return sent;
  };
  const refused: number[] = [];
  const held: ClientRequest[] = [];
  // Nobody has signed these, and none of them ends.
  while (refused.length === 0) {
    if (held.length > 20) expect.fail(`${held.length} bodies of 24 MiB are kept`);
    const sent = begin();
    sent.on('response', (response: IncomingMessage) => refused.push(response.statusCode ?? 0));
    const closed = new Promise<void>((done) => sent.once('close', done));
    for (let count = 0; count < 24 && refused.length === 0; count++) {
      const written = new Promise<void>((done) => sent.write(mebibyte, () => done()));
      await Promise.race([written, closed]);
    }
    held.push(sent);
    // An answer on another connection comes after what came before it.
    expect((await fetch(`${listener.url}/hooks/none`, { method: 'POST' })).status).toBe(404);
  }
  expect(refused).toEqual([503]);

  const send = async (body: string) => {
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const headers = { 'X-GitHub-Event': 'push', 'X-Hub-Signature-256': `sha256=${signature}` };
    return (await fetch(url, { method: 'POST', body, headers })).status;
  };
  expect(await send('{}')).toBe(202);
  for (const sent of held) sent.destroy();
  const large = JSON.stringify({ text: ' '.repeat(24 * 2 ** 20) });
  await until(async () => (await send(large)) === 202);
});
