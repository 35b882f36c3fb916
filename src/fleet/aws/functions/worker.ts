import type { Message as SqsMessage } from '@aws-sdk/client-sqs';
import { createRequestHandler } from '../../../aws/http';
import { toMirrorError } from '../../../system/errors';
import { openTemporaryFolder } from '../../../system/temporaryFolder';
import { systemClock } from '../../hosts/api/limiter';
import { parseSettings } from '../catalogue/settings';
import { callAws } from '../resources/errors';
import type { LambdaProgram, Voice } from '../resources/lambdaProgram';
import { createBatchRunner } from './mirrorFunction';

/** A batch has as long as a function has, so that the visibility timeout of the queue serves both. */
const batchMilliseconds = 900_000;
/** Long polling: the most that SQS waits. The client's own limit must be above it. */
const pollSeconds = 20;

/** Milliseconds until the queue is asked again after a failure. */
const pause = 30_000;

/**
 * Does what the queue of a stack says, on a machine of one's own, until the signal is aborted: several of these and the
 * function of the stack can share one queue and one table. What is running then goes back into the queue. Throws
 * MirrorError when the settings are wrong, or when the queue can't be read from the beginning.
 */
export async function runWorker(program: LambdaProgram, voice: Voice): Promise<void> {
  const settings = parseSettings(program.env);
  // Of its own: what is left over there is removed before each batch.
  await using folder = await openTemporaryFolder(program);
  const env = { ...program.env, TMPDIR: folder.path };
  const run = createBatchRunner(settings, { ...program, env }, voice);
  const source = await openSource(settings.queueUrl, settings.region, program.env);
  voice.log.info(`Waiting for messages of ${settings.queueUrl}.`);
  let hasWorked = false;
  while (!program.signal.aborted) {
    try {
      await takeBatch(source, run, program);
      hasWorked = true;
    } catch (error) {
      if (!hasWorked || program.signal.aborted) throw error;
      const { message, remedy, code } = toMirrorError(error);
      voice.log.failure(`${message} ${remedy} [${code}]`);
      await systemClock.wait(pause, program.signal).catch(() => undefined);
    }
  }
}

async function takeBatch(
  source: Source,
  run: ReturnType<typeof createBatchRunner>,
  { signal, now }: LambdaProgram,
): Promise<void> {
  const messages = await source.receive(signal);
  if (messages.length === 0) return;
  const { batchItemFailures } = await run(toEvent(messages), now() + batchMilliseconds);
  const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
  await source.delete(messages.filter(({ MessageId = '' }) => !failed.has(MessageId)));
}

interface Source {
  /** Waits for up to 20 seconds; gives nothing when the signal is aborted meanwhile. */
  receive(signal: AbortSignal): Promise<readonly SqsMessage[]>;
  delete(messages: readonly SqsMessage[]): Promise<void>;
}

async function openSource(url: string, region: string, env: LambdaProgram['env']): Promise<Source> {
  const { DeleteMessageBatchCommand, ReceiveMessageCommand, SQSClient } = await import('@aws-sdk/client-sqs');
  const limit = (pollSeconds + 10) * 1000;
  const client = new SQSClient({ region, requestHandler: createRequestHandler(env, limit) });
  const asked = {
    QueueUrl: url,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: pollSeconds,
    MessageSystemAttributeNames: ['All' as const],
  };
  return {
    async receive(signal) {
      try {
        const send = () => client.send(new ReceiveMessageCommand(asked), { abortSignal: signal });
        return (await callAws('sqs:ReceiveMessage', send)).Messages ?? [];
      } catch (error) {
        if (signal.aborted) return [];
        throw error;
      }
    },
    async delete(messages) {
      if (messages.length === 0) return;
      const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      const input = { QueueUrl: url, Entries };
      await callAws('sqs:DeleteMessage', () => client.send(new DeleteMessageBatchCommand(input)));
    },
  };
}

/** In the form in which Lambda hands messages to a function. */
function toEvent(messages: readonly SqsMessage[]) {
  return {
    Records: messages.map(({ MessageId, ReceiptHandle, Body, Attributes }) => ({
      messageId: MessageId,
      receiptHandle: ReceiptHandle,
      body: Body,
      attributes: Attributes,
    })),
  };
}
