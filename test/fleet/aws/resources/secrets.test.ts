import { expect, test } from 'vitest';
import { keepHookSecrets } from '../../../../src/fleet/aws/resources/hookSecrets';
import { keepSecrets } from '../../../../src/fleet/aws/resources/secrets';

test('a secret is read again after five minutes, when it is to be forgotten, and after a failure', async () => {
  let [now, reads] = [0, 0];
  const read = async () => {
    reads += 1;
    if (reads === 3) throw new Error('away');
    return `value ${reads}`;
  };
  const secrets = keepSecrets({ readSecret: read, readParameter: read }, () => now);
  const parameter = { kind: 'parameter', name: '/x', region: undefined } as const;
  expect(await secrets.readParameter(parameter)).toBe('value 1');
  now = 299_999;
  expect(await secrets.readParameter(parameter)).toBe('value 1');
  now = 300_000;
  expect(await secrets.readParameter(parameter)).toBe('value 2');
  secrets.forget();
  await expect(secrets.readParameter(parameter)).rejects.toThrow('away');
  expect(await secrets.readParameter(parameter)).toBe('value 4');
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
