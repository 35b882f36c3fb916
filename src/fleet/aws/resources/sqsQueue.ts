import type { SQSClient } from '@aws-sdk/client-sqs';
import { createRequestHandler } from '../../../aws/http';
import { once } from '../../../system/once';
import { awsCallFailed, callAws, isAwsError } from './errors';
import { type AnyMessage, toMessageGroup } from './message';

/** The queue of what is to be done. */
export interface Queue {
  /** Puts messages in, each into its group. Throws MirrorError when one of them was not taken. */
  send(messages: readonly AnyMessage[]): Promise<void>;
  /** Hides a received message for so many seconds. A message that is gone, or another's by now, is passed over. */
  hide(receipt: string, seconds: number): Promise<void>;
}

/** SendMessageBatch takes so many messages, and so many bytes in all; the rest is a margin for what goes with them. */
const batchMessages = 10;
const batchBytes = 240_000;

/** A FIFO queue of SQS. */
export function openSqsQueue(url: string, region: string): Queue {
  const open = once(async () => {
    const { SQSClient } = await import('@aws-sdk/client-sqs');
    return new SQSClient({ region, requestHandler: createRequestHandler() });
  });
  return {
    async send(messages) {
      for (const batch of toBatches(messages)) await sendBatch(await open(), url, batch);
    },
    async hide(receipt, seconds) {
      const client = await open();
      const { ChangeMessageVisibilityCommand } = await import('@aws-sdk/client-sqs');
      const input = { QueueUrl: url, ReceiptHandle: receipt, VisibilityTimeout: seconds };
      await callAws('sqs:ChangeMessageVisibility', async () => {
        try {
          await client.send(new ChangeMessageVisibilityCommand(input));
        } catch (error) {
          // Its time was over: it is visible again, or somebody else has it.
          if (!isAwsError(error, 'MessageNotInflight') && !isAwsError(error, 'ReceiptHandleIsInvalid'))
            throw error;
        }
      });
    },
  };
}

interface Entry {
  readonly message: AnyMessage;
  readonly body: string;
}

/** Messages in their order, cut into what one call takes. */
function toBatches(messages: readonly AnyMessage[]): readonly (readonly Entry[])[] {
  const batches: Entry[][] = [];
  let bytes = 0;
  for (const message of messages) {
    const body = JSON.stringify(message);
    const last = batches.at(-1);
    bytes += Buffer.byteLength(body);
    if (last !== undefined && last.length < batchMessages && bytes <= batchBytes)
      last.push({ message, body });
    else {
      batches.push([{ message, body }]);
      bytes = Buffer.byteLength(body);
    }
  }
  return batches;
}

/** SQS answers for each message of a batch by itself: those that it did not take are sent once more. */
async function sendBatch(
  client: SQSClient,
  url: string,
  batch: readonly Entry[],
  isLast = false,
): Promise<void> {
  const { SendMessageBatchCommand } = await import('@aws-sdk/client-sqs');
  const entries = batch.map(({ message, body }, index) => ({
    Id: String(index),
    MessageBody: body,
    MessageGroupId: toMessageGroup(message),
    MessageDeduplicationId: message.id,
  }));
  const { Failed = [] } = await callAws('sqs:SendMessage', () =>
    client.send(new SendMessageBatchCommand({ QueueUrl: url, Entries: entries })),
  );
  const rest = Failed.flatMap(({ Id }) => batch[Number(Id)] ?? []);
  if (rest.length === 0) return;
  if (isLast)
    throw awsCallFailed('sqs:SendMessage', Object.assign(new Error(), { name: Failed[0]?.Code ?? '' }));
  await sendBatch(client, url, rest, true);
}
