import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs';
import type { FunctionRuntimeApi } from './runtimeApi';

/** A FIFO queue with its dead-letter queue, and what Lambda's event source mapping does with it. */
export interface EventSource {
  readonly url: string;
  readonly client: SQSClient;
  /**
   * Receives what is visible, up to 10 messages, and invokes the function with it; messages that it does not report
   * as failed are deleted. Gives the bodies of the batch, and which of them came back.
   */
  deliver(api: FunctionRuntimeApi, milliseconds?: number): Promise<Delivered | undefined>;
  /** Delivers until nothing is visible any more; gives the batches. */
  drain(api: FunctionRuntimeApi, milliseconds?: number): Promise<readonly Delivered[]>;
  send(body: string, group: string, id: string): Promise<void>;
  /** Makes the messages that came back visible, as if their back-off were over. */
  passBackOff(delivered: Delivered): Promise<void>;
  /** Lets every visibility timeout be over. */
  showAll(): Promise<void>;
  count(queue?: 'dead'): Promise<{ readonly visible: number; readonly hidden: number }>;
}

export interface Delivered {
  readonly bodies: readonly string[];
  readonly failed: readonly Message[];
}

export const tries = 5;

export async function openEventSource(options: SQSClientConfig): Promise<EventSource> {
  const client = new SQSClient(options);
  const create = async (name: string, attributes: Record<string, string>) => {
    const Attributes = { FifoQueue: 'true', ...attributes };
    const { QueueUrl = '' } = await client.send(new CreateQueueCommand({ QueueName: name, Attributes }));
    return QueueUrl;
  };
  const dead = await create('dead.fifo', {});
  const deadArn = (
    await client.send(new GetQueueAttributesCommand({ QueueUrl: dead, AttributeNames: ['QueueArn'] }))
  ).Attributes?.['QueueArn'];
  const url = await create('mirror.fifo', {
    VisibilityTimeout: '1800',
    DeduplicationScope: 'messageGroup',
    FifoThroughputLimit: 'perMessageGroupId',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadArn, maxReceiveCount: tries }),
  });

  const receipts = new Set<string>();

  async function deliver(api: FunctionRuntimeApi, milliseconds?: number): Promise<Delivered | undefined> {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 0,
        MessageSystemAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0) return undefined;
    for (const { ReceiptHandle = '' } of Messages) receipts.add(ReceiptHandle);
    const answer = await api.invoke({ Records: Messages.map(toRecord) }, milliseconds);
    if (answer.kind === 'error') throw new Error(`the function failed: ${JSON.stringify(answer.body)}`);
    const { batchItemFailures } = answer.body as { batchItemFailures: { itemIdentifier: string }[] };
    const names = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    const failed = Messages.filter(({ MessageId = '' }) => names.has(MessageId));
    for (const message of Messages)
      if (!failed.includes(message))
        await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: message.ReceiptHandle }));
    return { bodies: Messages.map(({ Body = '' }) => Body), failed };
  }
  return {
    url,
    client,
    deliver,
    async drain(api, milliseconds) {
      const batches: Delivered[] = [];
      for (let batch = await deliver(api, milliseconds); batch; batch = await deliver(api, milliseconds))
        batches.push(batch);
      return batches;
    },
    async send(body, group, id) {
      const input = { QueueUrl: url, MessageBody: body, MessageGroupId: group, MessageDeduplicationId: id };
      await client.send(new SendMessageCommand(input));
    },
    async showAll() {
      for (const ReceiptHandle of receipts)
        await client
          .send(new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 }))
          .catch(() => undefined);
    },
    async passBackOff({ failed }) {
      for (const { ReceiptHandle } of failed)
        await client.send(
          new ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 }),
        );
    },
    async count(queue) {
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({ QueueUrl: queue === 'dead' ? dead : url, AttributeNames: ['All'] }),
      );
      return {
        visible: Number(Attributes['ApproximateNumberOfMessages']),
        hidden: Number(Attributes['ApproximateNumberOfMessagesNotVisible']),
      };
    },
  };
}

/** As Lambda hands a message to a function ("Using Lambda with Amazon SQS", FIFO queue message event). */
function toRecord({ MessageId, ReceiptHandle, Body, Attributes, MD5OfBody }: Message) {
  return {
    messageId: MessageId,
    receiptHandle: ReceiptHandle,
    body: Body,
    attributes: Attributes,
    messageAttributes: {},
    md5OfBody: MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: 'arn:aws:sqs:us-east-1:123456789012:mirror.fifo',
    awsRegion: 'us-east-1',
  };
}
