import { expect, test } from 'vitest';
import { MirrorError } from '../../../../src/errors';
import { reportInitError, serveInvocations } from '../../../../src/fleet/aws/functions/runtime';
import { startFunction } from '../../../servers/lambda/function';
import { openRuntimeApi } from '../../../servers/lambda/runtimeApi';

const env = {
  AWS_REGION: 'us-east-1',
  QUEUE_URL: 'http://127.0.0.1:9/queue',
  TABLE_NAME: 'table',
  SOURCE_REPOSITORIES: 'app',
  DESTINATION_URL: 'https://127.0.0.1/acme/{name}.git',
  DESTINATION_SECRET: 'ssm:/mirror/token',
};

test('an invocation gets its event, its id and its deadline, and its answer goes back', async () => {
  await using api = await openRuntimeApi();
  const seen: unknown[] = [];
  const served = serveInvocations(
    { address: api.address, clean: (text) => text },
    async (event, invocation) => {
      seen.push(event, invocation.deadline);
      return { got: event };
    },
  );
  const before = Date.now();
  expect(await api.invoke({ n: 1 }, 5_000)).toMatchObject({ kind: 'response', body: { got: { n: 1 } } });
  expect(await api.invoke({ n: 2 }, 5_000)).toMatchObject({ kind: 'response', body: { got: { n: 2 } } });
  expect(seen[0]).toEqual({ n: 1 });
  expect(Number(seen[1])).toBeGreaterThanOrEqual(before + 5_000);
  api.status = 500;
  await api.invoke({ n: 3 });
  await expect(served).rejects.toMatchObject({ code: 'fleet-aws-failed' });
});

test('an error of the handler is sent without secrets and without a stack, and the next invocation is served', async () => {
  await using api = await openRuntimeApi();
  const clean = (text: string) => text.replaceAll('word', '******');
  let count = 0;
  serveInvocations({ address: api.address, clean }, async () => {
    count += 1;
    if (count === 1) throw new MirrorError('sts-failed', { message: 'the word is out', remedy: 'none' });
    return undefined;
  }).catch(() => undefined);
  expect(await api.invoke({})).toEqual({
    kind: 'error',
    errorType: 'sts-failed',
    body: { errorMessage: 'the ****** is out', errorType: 'sts-failed', stackTrace: [] },
  });
  expect(await api.invoke({})).toEqual({ kind: 'response', body: null, errorType: undefined });
});

test.each([
  ['more than Lambda takes', { text: 'x'.repeat(7 * 2 ** 20) }, 202],
  ['refused by Lambda with 413', { text: 'x' }, 413],
])('an answer that is %s becomes an error', async (_case, answer, status) => {
  await using api = await openRuntimeApi();
  api.status = status;
  serveInvocations({ address: api.address, clean: (text) => text }, async () => answer).catch(
    () => undefined,
  );
  expect(await api.invoke({})).toMatchObject({ kind: 'error', errorType: 'fleet-aws-failed' });
});

test('a function that cannot start says why, and ends', async () => {
  await using api = await openRuntimeApi();
  const error = new MirrorError('fleet-aws-settings', { message: 'QUEUE_URL is missing', remedy: 'none' });
  await reportInitError({ address: api.address, clean: (text) => text }, error);
  expect(api.initErrors).toMatchObject([
    { errorType: 'fleet-aws-settings', errorMessage: 'QUEUE_URL is missing' },
  ]);
});

test('the bundled program names every fault of its settings as an init error, and exits 2', async () => {
  const { QUEUE_URL: _queue, ...rest } = env;
  await using started = await startFunction('mirror', { ...rest, SOURCE_REPOSITORIES: 'a/b' });
  expect(await started.ended()).toBe(2);
  expect(started.api.initErrors).toHaveLength(1);
  expect(started.api.initErrors[0]?.errorMessage).toContain('QUEUE_URL is missing');
  expect(started.api.initErrors[0]?.errorMessage).toContain('SOURCE_REPOSITORIES is "a/b"');
  expect(started.output()).toContain('[fleet-aws-settings]');
});

test('the bundled program knows its functions, and what is not a batch is an error of that invocation alone', async () => {
  await using unknown = await startFunction('toString', env);
  expect(await unknown.ended()).toBe(1);
  expect(unknown.api.initErrors[0]?.errorMessage).toContain('There is no function "toString"');
  await using started = await startFunction('mirror', { ...env, TMPDIR: '/tmp' });
  expect(await started.api.invoke({ no: 'batch' })).toMatchObject({
    kind: 'error',
    errorType: 'fleet-aws-failed',
  });
  expect(await started.api.invoke({ Records: [] })).toMatchObject({
    kind: 'response',
    body: { batchItemFailures: [] },
  });
});
