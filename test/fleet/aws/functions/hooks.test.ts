import { createHmac } from 'node:crypto';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from 'vitest';
import { replaceHookSecret } from '../../../../src/fleet/aws/resources/hookSecrets';
import { grow, readRefs } from '../../../servers/git';
import { type RunningFunction, startFunction } from '../../../servers/lambda/function';
import { motoAvailable } from '../../../servers/moto';
import { type AwsFleet, openAwsFleet } from '../fleetWorld';
import { toClientOptions, withEnvironment } from '../world';

const secret = '0123456789abcdef0123456789abcdef';

interface Delivered {
  readonly event: string;
  readonly body: string;
  readonly signedWith?: string;
  readonly path?: string;
  readonly method?: string;
}

/** What AWS hands to a function for a request to its URL. */
function toRequest({ event, body, signedWith = secret, path = '/hooks/acme', method = 'POST' }: Delivered) {
  return {
    version: '2.0',
    rawPath: path,
    headers: {
      'content-type': 'application/json',
      'x-github-event': event,
      'x-hub-signature-256': `sha256=${createHmac('sha256', signedWith).update(body).digest('hex')}`,
    },
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
    requestContext: { http: { method } },
  };
}

async function openHooks(fleet: AwsFleet) {
  const client = new SecretsManagerClient(toClientOptions(fleet.world.moto));
  const { ARN: arn = '' } = await client.send(
    new CreateSecretCommand({ Name: 'hooks', SecretString: secret }),
  );
  const hooks = await startFunction('hooks', { ...fleet.env, HOOK_SECRET: arn });
  return { arn, hooks };
}

/** Delivers a webhook, and lets all that follows happen. Gives its status, and how many messages there were. */
async function deliver(fleet: AwsFleet, hooks: RunningFunction, delivered: Delivered) {
  const answer = await hooks.api.invoke(toRequest(delivered));
  // What it has put into the queue is there before the answer.
  const { visible } = await fleet.world.queue.count();
  await fleet.world.queue.drain(fleet.mirror.api);
  return { status: (answer.body as { statusCode?: number }).statusCode, messages: visible };
}

describe.runIf(motoAvailable())('the URL for webhooks:', { tags: ['slow'] }, () => {
  test('a genuine one is in the queue before it is answered, and its repository is mirrored', async () => {
    await using fleet = await openAwsFleet();
    const app = await fleet.addToGithub('app');
    await fleet.take({ tick: true });
    const { hooks, arn } = await openHooks(fleet);
    await using _hooks = hooks;
    const id = fleet.github.repositories.find('acme', 'app')?.id;
    const push = { event: 'push', body: JSON.stringify({ repository: { id }, note: 'ä' }) };
    const expectEqual = async (path: string, name: string) => {
      const mirror = await fleet.mirrorOf('mirror', name);
      expect(mirror && (await readRefs(mirror))).toEqual(await readRefs(path));
    };
    await grow(app, 'main');
    expect(await deliver(fleet, hooks, push)).toEqual({ status: 202, messages: 1 });
    await expectEqual(app, 'app');

    // A repository that is new: once by its own webhook, which tells of it, and once by a push that comes first.
    const web = await fleet.addToGithub('web');
    expect(await deliver(fleet, hooks, { event: 'repository', body: '{}' })).toMatchObject({ status: 202 });
    await expectEqual(web, 'web');
    const early = await fleet.addToGithub('early');
    const first = JSON.stringify({ repository: { id: fleet.github.repositories.find('acme', 'early')?.id } });
    expect(await deliver(fleet, hooks, { event: 'push', body: first })).toEqual({ status: 202, messages: 1 });
    await expectEqual(early, 'early');

    // While the secret is replaced, both are valid; after the next time the first one is not.
    const inside = { ...fleet.world.moto.env };
    const second = await withEnvironment(inside, () => replaceHookSecret(arn));
    await using fresh = await startFunction('hooks', { ...fleet.env, HOOK_SECRET: arn });
    const ping = { event: 'ping', body: '{}' };
    expect(await deliver(fleet, fresh, { ...ping, signedWith: second })).toEqual({
      status: 202,
      messages: 0,
    });
    expect(await deliver(fleet, fresh, ping)).toMatchObject({ status: 202 });
    expect(hooks.output() + fresh.output()).not.toContain(secret);
  });

  test('what is not genuine is refused, and puts nothing into the queue', async () => {
    await using fleet = await openAwsFleet();
    await fleet.addToGithub('app');
    await fleet.take({ tick: true });
    const { hooks } = await openHooks(fleet);
    await using _hooks = hooks;
    const id = fleet.github.repositories.find('acme', 'app')?.id;
    const push = { event: 'push', body: JSON.stringify({ repository: { id } }) };
    const cases: readonly (readonly [Partial<Delivered>, number])[] = [
      [{ signedWith: 'another-secret-of-somebody-else-00' }, 401],
      [{ signedWith: '' }, 401],
      [{ path: '/hooks/nobody' }, 404],
      [{ path: '/hooks/aws' }, 404],
      [{ path: '/' }, 404],
      [{ method: 'GET' }, 405],
    ];
    for (const [change, status] of cases)
      expect(await deliver(fleet, hooks, { ...push, ...change })).toEqual({ status, messages: 0 });
    expect(await hooks.api.invoke({ tick: true })).toMatchObject({ body: { statusCode: 400 } });
  });
});
