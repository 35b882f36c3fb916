import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { describe, expect, test } from 'vitest';
import { openCodeBuilds } from '../../../../src/fleet/aws/resources/codeBuilds';
import { openDynamoStore } from '../../../../src/fleet/aws/resources/dynamoStore';
import type { Message } from '../../../../src/fleet/aws/resources/message';
import { createChainIdentity } from '../../../../src/fleet/aws/resources/roles';
import { openSqsQueue } from '../../../../src/fleet/aws/resources/sqsQueue';
import { createAwsSecretReader } from '../../../../src/fleet/secrets/awsReader';
import { toNewState } from '../../../../src/fleet/state/repositoryState';
import { updateRepository } from '../../../../src/fleet/state/update';
import { image, openBuildApis } from '../../../servers/lambda/buildApis';
import { motoAvailable } from '../../../servers/moto';
import { type AwsWorld, openAwsWorld, toClientOptions, toPlace, withEnvironment } from '../world';

const region = 'us-east-1';

function toMessage(name: string, id: string): Message {
  return { version: 1, place: toPlace(name), reason: 'asked', id, continued: 0 };
}

/** As inside a function: AWS's clients take all they need from the environment. */
async function inside(world: AwsWorld, work: () => Promise<void>): Promise<void> {
  await withEnvironment({ ...world.moto.env, AWS_ENDPOINT_URL: world.moto.url }, work);
}

describe.runIf(motoAvailable())('with moto:', { tags: ['slow'] }, () => {
  test('the queue takes any number of messages, each into its group, and one that is the same once', async () => {
    await using world = await openAwsWorld();
    await inside(world, async () => {
      const queue = openSqsQueue(world.queue.url, region);
      const messages = Array.from({ length: 25 }, (_, index) => toMessage(`app-${index}`, `id-${index}`));
      await queue.send([...messages, ...messages.slice(0, 3)]);
      expect(await world.queue.count()).toEqual({ visible: 25, hidden: 0 });
      // A receipt that is no longer good is no failure: the message is visible again, or somebody else's.
      await expect(queue.hide('of-long-ago', 5)).resolves.toBeUndefined();
      const nowhere = openSqsQueue(`${world.queue.url}-nowhere`, region);
      await expect(nowhere.send(messages.slice(0, 1))).rejects.toMatchObject({ code: 'fleet-aws-failed' });
    });
  });

  test('the store keeps states, runs and mirrors, and forgets', async () => {
    await using world = await openAwsWorld();
    await inside(world, async () => {
      await using store = openDynamoStore('states', region);
      const { mirror, identity } = toPlace('app');
      const state = { ...toNewState(mirror, identity, 'app'), dueAt: 5 };
      const run = (startedAt: number) => ({
        startedAt,
        took: 1,
        trigger: 'asked' as const,
        outcome: 'mirrored' as const,
        changes: 1,
      });
      const runs = { kind: 'runs', mirror, identity, runs: [run(2), run(1)] } as const;
      expect(await store.readRepository(mirror, identity)).toBeUndefined();
      await store.write([{ kind: 'repository', state }, runs]);
      await store.write([{ kind: 'mirror', state: { mirror, listedAt: 7, listed: 1 } }]);
      expect(await store.readRepository(mirror, identity)).toEqual(state);
      expect(await store.readRepositories(mirror)).toEqual([state]);
      expect((await store.readRuns(mirror, identity)).map(({ startedAt }) => startedAt)).toEqual([1, 2]);
      expect(await store.readMirror(mirror)).toEqual({ mirror, listedAt: 7, listed: 1 });
      const many = Array.from({ length: 250 }, (_, index) => ({
        kind: 'repository' as const,
        state: toNewState('many', `codecommit.us-east-1#${index}`, `app-${index}`),
      }));
      await store.write(many);
      expect(await store.readRepositories('many')).toHaveLength(250);
      await store.write([{ kind: 'forget', mirror, identity }]);
      expect(await store.readRepository(mirror, identity)).toBeUndefined();
    });
  });

  test('what two processes change in one state at the same time is never lost', async () => {
    await using world = await openAwsWorld();
    await inside(world, async () => {
      const { mirror, identity } = toPlace('app');
      await using one = openDynamoStore('states', region);
      await using other = openDynamoStore('states', region);
      const addOne = (store: typeof one, startedAt: number) =>
        updateRepository(store, { mirror, identity }, (known = toNewState(mirror, identity, 'app')) => [
          { kind: 'repository', state: { ...known, failures: known.failures + 1 } },
          {
            kind: 'runs',
            mirror,
            identity,
            runs: [{ startedAt, took: 1, trigger: 'due', outcome: 'failed', changes: 0 }],
          },
        ]);
      for (let round = 0; round < 5; round += 1)
        await Promise.all([addOne(one, 2 * round), addOne(other, 2 * round + 1)]);
      expect(await one.readRepository(mirror, identity)).toMatchObject({ failures: 10 });
      expect(await one.readRuns(mirror, identity)).toHaveLength(10);
    });
  });

  test('secrets are read from both services', async () => {
    await using world = await openAwsWorld();
    const ssm = new SSMClient(toClientOptions(world.moto));
    await ssm.send(
      new PutParameterCommand({ Name: '/mirror/token', Value: 'a-token', Type: 'SecureString' }),
    );
    await inside(world, async () => {
      const reader = createAwsSecretReader({ env: process.env, config: {} });
      const parameter = { kind: 'parameter', name: '/mirror/token', region } as const;
      expect(await reader.readParameter(parameter)).toBe('a-token');
      const arn = world.env['DESTINATION_SECRET'] ?? '';
      const secret = { kind: 'secrets-manager', arn, region, key: undefined } as const;
      expect(await reader.readSecret(secret)).toContain('"token"');
    });
  });

  test('a role of another account gives one session for many runs, until it is nearly over', async () => {
    await using world = await openAwsWorld();
    await inside(world, async () => {
      let now = Date.now();
      const role = { arn: 'arn:aws:iam::210987654321:role/mirror', externalId: 'an-external-id' };
      const identity = createChainIdentity(role, region, () => now);
      const first = await identity.read();
      expect(first.keys.accessKeyId).toMatch(/^ASIA/);
      expect(first.keys.sessionToken).not.toBe('');
      expect(await identity.read()).toBe(first);
      now = (first.expiresAt?.getTime() ?? 0) - 5 * 60_000;
      expect(await identity.read()).not.toBe(first);
      const own = await createChainIdentity(undefined, region, () => now).read();
      expect(own.keys.accessKeyId).toBe(world.moto.env['AWS_ACCESS_KEY_ID']);
    });
  });

  test('a build is started once, is marked while it runs, and says at its end whether it was', async () => {
    await using world = await openAwsWorld();
    await using apis = await openBuildApis();
    const endpoints = { AWS_ENDPOINT_URL_CODEBUILD: apis.url, AWS_ENDPOINT_URL_LAMBDA: apis.url };
    await withEnvironment({ ...world.moto.env, ...endpoints }, async () => {
      let now = Date.now();
      const builds = openCodeBuilds({
        project: 'large',
        table: 'states',
        region,
        functionName: 'mirror',
        now: () => now,
      });
      const place = toPlace('app');
      expect(await builds.find(place)).toBeUndefined();
      const id = await builds.start(place);
      expect(id).toMatch(/^large:/);
      expect(await builds.start(place)).toBe(id);
      expect(apis.builds).toHaveLength(1);
      expect(apis.builds[0]).toMatchObject({ projectName: 'large', imageOverride: image });
      expect(JSON.stringify(apis.builds[0])).toContain('MIRROR_MESSAGE');
      expect(await builds.find(place)).toEqual({ isRunning: true, isLarge: true });
      await builds.mark(place);
      expect(await builds.end(place)).toBe(true);
      expect(await builds.find(place)).toEqual({ isRunning: false, isLarge: true });
      now += 8 * 24 * 3_600_000;
      expect(await builds.find(place)).toEqual({ isRunning: false, isLarge: false });
    });
  });
});
