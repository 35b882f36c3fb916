import { expect, test } from 'vitest';
import { readRequest } from '../../../../src/fleet/aws/functions/hooks';

test('a webhook has its raw body and its headers in lower case', async () => {
  const event = {
    version: '2.0',
    rawPath: '/hooks/acme',
    headers: { 'X-Hub-Signature-256': 'sha256=00' },
    body: Buffer.from('{"a":"ä"}').toString('base64'),
    isBase64Encoded: true,
    requestContext: { http: { method: 'POST' } },
  };
  const request = readRequest(event);
  expect(request).toMatchObject({
    method: 'POST',
    path: '/hooks/acme',
    headers: { 'x-hub-signature-256': 'sha256=00' },
  });
  expect(await request?.readBody()).toEqual(Buffer.from('{"a":"ä"}'));
  const large = { ...event, body: 'x'.repeat(26 * 2 ** 20), isBase64Encoded: false };
  expect(await readRequest(large)?.readBody()).toBe(413);
  expect(readRequest({ tick: true })).toBeUndefined();
});
