import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateQueueCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { git, grow, readRefs } from '../../../servers/git';
import { openBuildApis } from '../../../servers/lambda/buildApis';
import { type RunningFunction, startFunction } from '../../../servers/lambda/function';
import { motoAvailable } from '../../../servers/moto';
import { type AwsWorld, openAwsWorld, toId, token } from '../world';

interface Change {
  readonly name: string;
  readonly event?: string;
  readonly ref?: string;
}

/** An event of CodeCommit, as its user guide shows it. */
function toEvent(
  { name, event = 'referenceUpdated', ref = 'main' }: Change,
  id: string = crypto.randomUUID(),
) {
  return {
    version: '0',
    id,
    'detail-type': 'CodeCommit Repository State Change',
    source: 'aws.codecommit',
    account: '123456789012',
    time: '2026-06-12T10:23:43Z',
    region: 'us-east-1',
    resources: [`arn:aws:codecommit:us-east-1:123456789012:${name}`],
    detail: {
      event,
      repositoryName: name,
      repositoryId: toId(name),
      referenceType: 'branch',
      referenceName: ref,
      referenceFullName: `refs/heads/${ref}`,
      commitId: '0123456789012345678901234567890123456789',
    },
  };
}

interface Functions extends AsyncDisposable {
  readonly intake: RunningFunction;
  readonly mirror: RunningFunction;
  /** Everything that both have written. */
  output(): string;
}

async function openFunctions(env: Readonly<Record<string, string>>): Promise<Functions> {
  const [intake, mirror] = [await startFunction('intake', env), await startFunction('mirror', env)];
  return {
    intake,
    mirror,
    output: () => intake.output() + mirror.output(),
    async [Symbol.asyncDispose]() {
      await intake[Symbol.asyncDispose]();
      await mirror[Symbol.asyncDispose]();
    },
  };
}

/** Tells of the changes, and lets all that follows happen. */
async function push(world: AwsWorld, { intake, mirror }: Functions, ...changes: readonly Change[]) {
  for (const change of changes) await intake.api.invoke(toEvent(change));
  return await world.queue.drain(mirror.api);
}

describe.runIf(motoAvailable())('from an event to the other host:', { tags: ['slow'] }, () => {
  test('a push, a tag, a forced push, a deletion, ten events at once', async () => {
    await using world = await openAwsWorld();
    await using functions = await openFunctions(world.env);
    const { source, destination } = await world.createPair('app');
    const expectEqual = async () => expect(await readRefs(destination)).toEqual(await readRefs(source));
    await grow(source, 'main', { count: 2 });
    await grow(source, 'topic', { from: 'main' });
    await push(world, functions, { name: 'app', event: 'referenceCreated' });
    await expectEqual();
    await git(source, 'tag', 'v1', 'main');
    await push(world, functions, { name: 'app', event: 'referenceCreated', ref: 'v1' });
    await expectEqual();
    await git(source, 'branch', '-f', 'topic', 'main~1');
    await push(world, functions, { name: 'app', ref: 'topic' });
    await expectEqual();
    await git(source, 'branch', '-D', 'topic');
    await push(world, functions, { name: 'app', event: 'referenceDeleted', ref: 'topic' });
    await expectEqual();
    const runsBefore = functions.output().match(/"Runs":1/g)?.length ?? 0;
    await grow(source, 'main');
    await push(world, functions, ...Array.from({ length: 10 }, () => ({ name: 'app' })));
    await expectEqual();
    expect(functions.output().match(/"Runs":1/g)).toHaveLength(runsBefore + 1);
    expect(functions.output()).not.toContain(token);
  });

  test('an event that comes twice is one message; others of CodeCommit are none', async () => {
    await using world = await openAwsWorld();
    await using functions = await openFunctions(world.env);
    const event = toEvent({ name: 'app' }, 'the-same');
    expect(await functions.intake.api.invoke(event)).toMatchObject({ body: { sent: 1 } });
    await functions.intake.api.invoke(event);
    expect(await world.queue.count()).toEqual({ visible: 1, hidden: 0 });
    const merge = toEvent({ name: 'app', event: 'unreferencedMergeCommitCreated' });
    expect(await functions.intake.api.invoke(merge)).toMatchObject({ body: { sent: 0 } });
    const review = { ...toEvent({ name: 'app' }), 'detail-type': 'CodeCommit Pull Request State Change' };
    expect(await functions.intake.api.invoke(review)).toMatchObject({ body: { sent: 0 } });
    const foreign = { ...toEvent({ name: 'app' }), region: 'eu-west-1' };
    expect(await functions.intake.api.invoke(foreign)).toMatchObject({ body: { sent: 0 } });
    expect(await functions.intake.api.invoke({ hello: 'world' })).toMatchObject({ kind: 'error' });
    expect(await world.queue.count()).toEqual({ visible: 1, hidden: 0 });
  });

  test('EventBridge lets through what the rule of the template names, and the intake understands it as it comes', async () => {
    await using world = await openAwsWorld();
    await using functions = await openFunctions(world.env);
    const { source, destination } = await world.createPair('app');
    await grow(source, 'main');
    const bus = await openRule(world, readRule());
    const review = { ...toEvent({ name: 'app' }), 'detail-type': 'CodeCommit Pull Request State Change' };
    const foreign = { ...toEvent({ name: 'app' }), source: 'aws.codebuild' };
    const merge = toEvent({ name: 'app', event: 'unreferencedMergeCommitCreated' });
    const sent = [review, foreign, merge, toEvent({ name: 'app' })];
    const delivered = await bus.put(sent);
    expect(delivered).toHaveLength(1);
    expect(await functions.intake.api.invoke(delivered[0])).toMatchObject({ body: { sent: 1 } });
    await world.queue.drain(functions.mirror.api);
    expect(await readRefs(destination)).toEqual(await readRefs(source));
  });

  test('what an event did not tell, the schedule finds; what was deleted is gone, and its mirror stays', async () => {
    await using world = await openAwsWorld();
    await using functions = await openFunctions(world.env);
    const { source, destination } = await world.createPair('app');
    await grow(source, 'main');
    world.api.repositories.set('app', toId('app'));
    const list = async (order: object) => {
      expect(await functions.intake.api.invoke(order)).toMatchObject({ body: { sent: 1 } });
      return (await world.queue.drain(functions.mirror.api)).flatMap(({ bodies }) => bodies);
    };
    const [listed, looked] = await list({ tick: true });
    expect([listed, looked]).toEqual([expect.stringContaining('"list"'), expect.stringContaining('"due"')]);
    expect(await readRefs(destination)).toEqual(await readRefs(source));
    expect(functions.mirror.output()).toMatch(/"SecondsSinceVerified":\d/);
    // A person asks for another one: this one was verified a moment ago, and nothing is due.
    expect(await list({ ask: 'b*' })).toEqual([expect.stringContaining('"list"')]);
    await grow(source, 'main');
    expect(await list({ ask: 'a*' })).toHaveLength(2);
    expect(await readRefs(destination)).toEqual(await readRefs(source));
    // Deleted at the source: the list lacks it, so that it is looked at, and then it is asked for once more.
    const before = await readRefs(destination);
    world.api.repositories.delete('app');
    await rm(source, { recursive: true });
    await functions.intake.api.invoke(toEvent({ name: 'app' }));
    await world.queue.drain(functions.mirror.api);
    expect(await world.findState('app')).toMatchObject({ state: 'gone' });
    expect(await readRefs(destination)).toEqual(before);
  });

  test('a repository that is too large goes to a build, which is said in its state, and is left to it', async () => {
    await using world = await openAwsWorld();
    await using apis = await openBuildApis();
    const { source, destination } = await world.createPair('app');
    await grow(source, 'main');
    await using functions = await openFunctions({
      ...world.env,
      AWS_ENDPOINT_URL_CODEBUILD: apis.url,
      AWS_ENDPOINT_URL_LAMBDA: apis.url,
      AWS_LAMBDA_FUNCTION_NAME: 'mirror',
      BUILD_PROJECT: 'large',
      DESTINATION_URL: `https://${world.other.face.host}/v1/repos/{name}`,
      DESTINATION_REGION: 'us-east-1',
      DESTINATION_SECRET: '',
    });
    await world.other.createRepository('app');
    // Not even the first push comes through in the time that there is.
    world.other.faults.beforeReceive = () => new Promise(() => undefined);
    await functions.intake.api.invoke(toEvent({ name: 'app' }));
    await world.queue.deliver(functions.mirror.api, 15_000);
    expect(apis.builds).toHaveLength(1);
    expect(await world.findState('app')).toMatchObject({ state: 'behind', problem: { code: 'time-limit' } });
    expect((await world.findState('app'))?.problem?.message).toContain('build large:1');
    await push(world, functions, { name: 'app' });
    expect(apis.builds).toHaveLength(1);
    expect(functions.output()).toContain('a build is mirroring it');
    expect(await readRefs(destination)).toEqual({});
  });

  test('a secret that was replaced is read again once, and the run goes on', async () => {
    await using world = await openAwsWorld();
    await using functions = await openFunctions(world.env);
    const { source, destination } = await world.createPair('app');
    await grow(source, 'main');
    await world.putSecret(JSON.stringify({ token: 'a-token-of-yesterday' }));
    await push(world, functions, { name: 'app' });
    expect(await world.findState('app')).toMatchObject({
      state: 'blocked',
      problem: { code: 'credentials-refused' },
    });
    await world.putSecret(token);
    await push(world, functions, { name: 'app' });
    expect(await readRefs(destination)).toEqual(await readRefs(source));
    expect(functions.mirror.output()).toContain('the secret was replaced');
    expect(functions.output()).not.toContain('a-token-of-yesterday');
  });

  test('a run that meets its deadline is continued; a killed one leaves its files to the next, which removes them', async () => {
    await using world = await openAwsWorld();
    const { source, destination } = await world.createPair('app');
    let hangs = true;
    await using functions = await openFunctions({
      ...world.env,
      PUSH_MIB: '1',
      // Not the host with a token: a CodeCommit that can hang.
      DESTINATION_URL: `https://${world.other.face.host}/v1/repos/{name}`,
      DESTINATION_REGION: 'us-east-1',
      DESTINATION_SECRET: '',
    });
    const mirrored = await world.other.createRepository('app');
    expect(destination).not.toBe(mirrored);
    for (let index = 0; index < 6; index += 1) await commitNoise(source, index);
    let pushes = 0;
    world.other.faults.beforeReceive = async () => {
      pushes += 1;
      if (hangs && pushes > 2) await new Promise(() => undefined);
    };
    await functions.intake.api.invoke(toEvent({ name: 'app' }));
    const [batch] = [await world.queue.deliver(functions.mirror.api, 20_000)];
    expect(batch?.failed).toEqual([]);
    expect(await world.findState('app')).toMatchObject({ state: 'behind' });
    expect(await world.queue.count()).toEqual({ visible: 1, hidden: 0 });
    // Killed in the middle of the next run.
    const killed = world.queue.deliver(functions.mirror.api).catch((error: Error) => error.message);
    await waitFor(() => pushes > 3);
    await functions.mirror.kill();
    expect(await killed).toContain('ended');
    hangs = false;
    world.other.faults.beforeReceive = undefined;
    functions.mirror.start();
    await functions.intake.api.invoke(toEvent({ name: 'app' }));
    await world.queue.showAll();
    await world.queue.drain(functions.mirror.api);
    expect(await readRefs(mirrored)).toEqual(await readRefs(source));
    expect(await world.findState('app')).toMatchObject({ state: 'equal' });
    expect(await world.readDisk()).toEqual([]);
  });
});

/** The pattern of the rule in the template. */
function readRule(): unknown {
  const tags = ['Ref', 'Sub', 'GetAtt', 'If', 'Not', 'Equals', 'Or', 'Condition'];
  const customTags = tags.flatMap((name) => [
    { tag: `!${name}`, resolve: (text: string) => text },
    { tag: `!${name}`, collection: 'seq' as const, resolve: () => [] },
  ]);
  const template = parse(readFileSync('deploy/template.yaml', 'utf8'), { customTags, logLevel: 'silent' });
  return template.Resources.CodeCommitRule.Properties.EventPattern;
}

/** A rule of moto's EventBridge, whose target is a queue that the test reads. */
async function openRule({ moto, queue: { client } }: AwsWorld, pattern: unknown) {
  const call = async (action: string, body: object) => {
    const answer = await fetch(moto.url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/x-amz-json-1.1',
        'X-Amz-Target': `AWSEvents.${action}`,
        Authorization:
          'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/events/aws4_request, SignedHeaders=host, Signature=0',
      },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${action}: ${answer.status} ${await answer.text()}`);
  };
  const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: 'target' }));
  await call('PutRule', { Name: 'rule', EventPattern: JSON.stringify(pattern) });
  const Arn = 'arn:aws:sqs:us-east-1:123456789012:target';
  await call('PutTargets', { Rule: 'rule', Targets: [{ Id: 'intake', Arn }] });
  return {
    async put(events: readonly ReturnType<typeof toEvent>[]): Promise<readonly unknown[]> {
      const Entries = events.map((event) => ({
        Source: event.source,
        DetailType: event['detail-type'],
        Detail: JSON.stringify(event.detail),
        Resources: event.resources,
      }));
      await call('PutEvents', { Entries });
      const received = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      return (received.Messages ?? []).map(({ Body = '' }) => JSON.parse(Body));
    },
  };
}

/** A commit with half a mebibyte that does not compress. */
async function commitNoise(source: string, index: number): Promise<void> {
  const file = join(source, `noise-${index}`);
  await writeFile(file, randomBytes(700_000));
  const blob = await git(source, 'hash-object', '-w', file);
  const tip = await grow(source, 'main', { file: `note-${index}` });
  await git(source, 'read-tree', tip);
  await git(source, 'update-index', '--add', '--cacheinfo', `100644,${blob},noise-${index}`);
  const tree = await git(source, 'write-tree');
  const made = await git(source, 'commit-tree', '-p', tip, '-m', `noise ${index}`, tree);
  await git(source, 'update-ref', 'refs/heads/main', made);
}

async function waitFor(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 20));
}
