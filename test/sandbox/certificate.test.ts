import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get } from 'node:https';
import { expect, test } from 'vitest';
import { createCertificate } from '../../src/sandbox/https/certificate';
import { listenOnLoopback } from '../../src/sandbox/loopback';

test('a certificate signs itself, now, for these names and no other', () => {
  const read = new X509Certificate(createCertificate(['127.0.0.1', 'git.example.com']).cert);
  expect(read.verify(read.publicKey)).toBe(true);
  expect(read.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(read.checkHost('git.example.com')).toBe('git.example.com');
  expect([read.checkIP('127.0.0.2'), read.checkHost('example.com')]).toEqual([undefined, undefined]);
  const [from, to] = [read.validFrom, read.validTo].map((text) => new Date(text).getTime());
  expect((to ?? 0) - (from ?? 0)).toBe(2 * 86_400_000);
  expect(from).toBeLessThan(Date.now());
});

test('two have nothing in common, and a client that trusts one speaks with its server alone', async () => {
  const [one, other] = [createCertificate(), createCertificate()];
  expect(new X509Certificate(one.cert).serialNumber).not.toBe(new X509Certificate(other.cert).serialNumber);
  const server = createServer(one, (_request, response) => response.end('here'));
  const port = await listenOnLoopback(server);
  const ask = async (ca: string) => {
    const asked = get({ host: '127.0.0.1', port, ca, agent: false });
    const [response] = await once(asked, 'response');
    response.resume();
    return response.statusCode;
  };
  expect(await ask(one.cert)).toBe(200);
  await expect(ask(other.cert)).rejects.toThrow(/self-signed certificate/);
  server.closeAllConnections();
  server.close();
});
