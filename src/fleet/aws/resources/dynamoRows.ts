import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createRequestHandler } from '../../../aws/http';
import { once } from '../../../system/once';
import { callAws, isAwsError } from './errors';

/** A row of the table of states. */
export interface Row {
  readonly pk: string;
  readonly sk: string;
  /** Undefined: the row is deleted. */
  readonly body: object | undefined;
  /** Seconds since 1970. */
  readonly expires?: number;
  /** The row is written only in place of one with this body, or where there is none for null. */
  readonly replaces?: string | null;
}

interface ListOptions {
  readonly newestFirst?: boolean;
  readonly limit?: number;
}

/** Rows of the table, by their two keys. Throws MirrorError. */
export interface Rows {
  find(pk: string, sk: string): Promise<unknown>;
  /** Writes what `change` makes of a row, and begins again when another process wrote that row in between. */
  update(pk: string, sk: string, change: (body: unknown) => readonly Row[]): Promise<void>;
  /** All of them or none, where there are 100 at most. */
  write(rows: readonly Row[]): Promise<void>;
  list(pk: string, options?: ListOptions): Promise<readonly unknown[]>;
}

/** TransactWriteItems takes so many rows. */
const transactionRows = 100;

/** So often an update begins again: each time another process has got on. */
const updatesAtMost = 10;

export function openRows(table: string, region: string): Rows {
  const open = once(async () => {
    const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
    return new DynamoDBClient({ region, requestHandler: createRequestHandler() });
  });
  async function findItem(pk: string, sk: string) {
    const client = await open();
    const { GetItemCommand } = await import('@aws-sdk/client-dynamodb');
    const Key = { pk: { S: pk }, sk: { S: sk } };
    const input = { TableName: table, Key, ConsistentRead: true };
    return (await callAws('dynamodb:GetItem', () => client.send(new GetItemCommand(input)))).Item;
  }
  return {
    find: async (pk, sk) => readBody(await findItem(pk, sk)),
    async update(pk, sk, change) {
      for (let attempt = 1; ; attempt += 1) {
        const item = await findItem(pk, sk);
        const rows = change(readBody(item)).map((row) =>
          row.pk === pk && row.sk === sk ? { ...row, replaces: item?.['body']?.S ?? null } : row,
        );
        try {
          if (rows.length > 0) await writeRows(await open(), table, rows);
          return;
        } catch (error) {
          if (!(error instanceof Error && isOvertaken(error)) || attempt === updatesAtMost) throw error;
        }
      }
    },
    async write(rows) {
      const client = await open();
      for (let start = 0; start < rows.length; start += transactionRows)
        await writeRows(client, table, rows.slice(start, start + transactionRows));
    },
    list: async (pk, options = {}) => await listRows(await open(), table, pk, options),
  };
}

/** One row goes by itself: a transaction costs twice as much. */
async function writeRows(client: DynamoDBClient, table: string, rows: readonly Row[]): Promise<void> {
  const { PutItemCommand, TransactWriteItemsCommand } = await import('@aws-sdk/client-dynamodb');
  const [first] = rows;
  if (first?.body !== undefined && rows.length === 1) {
    const input = { TableName: table, Item: toItem(first, first.body), ...toCondition(first) };
    await callAws('dynamodb:PutItem', () => client.send(new PutItemCommand(input)));
    return;
  }
  const TransactItems = rows.map((row) => {
    const common = { TableName: table, ...toCondition(row) };
    return row.body === undefined
      ? { Delete: { ...common, Key: { pk: { S: row.pk }, sk: { S: row.sk } } } }
      : { Put: { ...common, Item: toItem(row, row.body) } };
  });
  await callAws('dynamodb:PutItem and DeleteItem', () =>
    client.send(new TransactWriteItemsCommand({ TransactItems })),
  );
}

function toCondition({ replaces }: Row) {
  if (replaces === undefined) return {};
  if (replaces === null) return { ConditionExpression: 'attribute_not_exists(pk)' };
  return { ConditionExpression: 'body = :body', ExpressionAttributeValues: { ':body': { S: replaces } } };
}

/** The row was written by somebody else since it was read. */
function isOvertaken({ cause }: { readonly cause?: unknown }): boolean {
  return (
    isAwsError(cause, 'ConditionalCheckFailedException') || isAwsError(cause, 'TransactionCanceledException')
  );
}

function toItem({ pk, sk, expires }: Row, body: object): Record<string, AttributeValue> {
  return {
    pk: { S: pk },
    sk: { S: sk },
    body: { S: JSON.stringify(body) },
    ...(expires !== undefined && { expires: { N: String(expires) } }),
  };
}

async function listRows(
  client: DynamoDBClient,
  table: string,
  pk: string,
  { newestFirst = false, limit }: ListOptions,
): Promise<readonly unknown[]> {
  const { QueryCommand } = await import('@aws-sdk/client-dynamodb');
  const found: unknown[] = [];
  let start: Record<string, AttributeValue> | undefined;
  do {
    const input = {
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: pk } },
      ScanIndexForward: !newestFirst,
      ...(limit !== undefined && { Limit: limit }),
      ...(start !== undefined && { ExclusiveStartKey: start }),
    };
    const page = await callAws('dynamodb:Query', () => client.send(new QueryCommand(input)));
    found.push(...(page.Items ?? []).map(readBody));
    start = page.LastEvaluatedKey;
  } while (start !== undefined && (limit === undefined || found.length < limit));
  return found;
}

/** Undefined where there is no row, or one that this program did not write. */
function readBody(item: Record<string, AttributeValue> | undefined): unknown {
  const text = item?.['body']?.S;
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
