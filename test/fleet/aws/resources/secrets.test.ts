import { expect, test } from 'vitest';
import { keepHookSecrets } from '../../../../src/fleet/aws/resources/hookSecrets';
import { createSecretCache, parseSecretPlace } from '../../../../src/fleet/aws/resources/secrets';

test('a secret is read again after five minutes, when asked for, and after a failure', async () => {
  let [now, reads] = [0, 0];
  const cache = createSecretCache(
    async () => {
      reads += 1;
      if (reads === 3) throw new Error('away');
      return `value ${reads}`;
    },
    () => now,
  );
  const place = { kind: 'parameter', name: '/x', region: 'eu-west-1' } as const;
  expect(await cache.read(place, false)).toBe('value 1');
  now = 299_999;
  expect(await cache.read(place, false)).toBe('value 1');
  now = 300_000;
  expect(await cache.read(place, false)).toBe('value 2');
  await expect(cache.read(place, true)).rejects.toThrow('away');
  expect(await cache.read(place, false)).toBe('value 4');
});

test('a secret stands in Secrets Manager or in Systems Manager, each in its own region', () => {
  const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:m-AbCdEf';
  expect(parseSecretPlace(arn, 'eu-west-1')).toEqual({ kind: 'secrets-manager', arn, region: 'us-east-1' });
  const parameter = 'arn:aws:ssm:us-east-2:123456789012:parameter/m/token';
  expect(parseSecretPlace(parameter, 'eu-west-1')).toMatchObject({
    kind: 'parameter',
    region: 'us-east-2',
  });
  expect(parseSecretPlace('$TOKEN', 'eu-west-1')).toBeUndefined();
});

test('the secrets of webhooks are read again when one does not fit, and not each time somebody forges one', async () => {
  let [now, reads] = [0, 0];
  const secrets = keepHookSecrets(
    async () => {
      reads += 1;
      return [`secret ${reads}`];
    },
    () => now,
  );
  const isValid = (secret: string) => secrets.test((all) => all.includes(secret));
  expect(await isValid('secret 1')).toBe(true);
  expect(await isValid('secret 2')).toBe(false);
  now = 10_000;
  expect(await isValid('secret 2')).toBe(true);
  for (let forged = 0; forged < 100; forged += 1) expect(await isValid('forged')).toBe(false);
  expect(reads).toBe(2);
  now = 310_000;
  expect(await isValid('secret 3')).toBe(true);
});
