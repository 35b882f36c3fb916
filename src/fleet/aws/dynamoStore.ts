import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createRequestHandler } from '../../aws/http';
import { mirrorStateSchema, repositoryStateSchema, runSchema, runsAtMost } from '../state/repositoryState';
import type { FleetStore, StateChange } from '../state/store';
import { callAws } from './errors';
import { toGroup } from './message';

/** Runs are kept for so many seconds: 90 days. */
const runSeconds = 90 * 24 * 3600;

/**
 * The state of a fleet in one table of DynamoDB. Keys are `pk` and `sk`, both texts: `mirror#<name>` has a row for each
 * repository, `runs#<group>` one for each run, `mirrors` one for each mirror. What a row holds is JSON in `body`;
 * `expires` is the table's time to live. Several processes may write, each to the repositories that it has taken from
 * the queue. It can be lost: the next looks find it again.
 */
export function openDynamoStore(table: string, region: string): FleetStore {
  const rows = openRows(table, region);
  return {
    async readRepositories(mirror) {
      const found = await rows.list(`mirror#${mirror}`);
      return found.flatMap((row) => repositoryStateSchema.safeParse(row).data ?? []);
    },
    async readRepository(mirror, identity) {
      return repositoryStateSchema.safeParse(await rows.find(`mirror#${mirror}`, identity)).data;
    },
    async readRuns(mirror, identity) {
      const newest = { newestFirst: true, limit: runsAtMost };
      const found = await rows.list(`runs#${toGroup({ mirror, identity })}`, newest);
      return found.flatMap((row) => runSchema.safeParse(row).data ?? []).reverse();
    },
    async readMirror(mirror) {
      return mirrorStateSchema.safeParse(await rows.find('mirrors', mirror)).data;
    },
    async write(changes) {
      await rows.write(changes.flatMap(toRows));
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function toRows(change: StateChange): readonly Row[] {
  switch (change.kind) {
    case 'repository':
      return [{ pk: `mirror#${change.state.mirror}`, sk: change.state.identity, body: change.state }];
    case 'mirror':
      return [{ pk: 'mirrors', sk: change.state.mirror, body: change.state }];
    case 'forget':
      // Its runs go by their time to live.
      return [{ pk: `mirror#${change.mirror}`, sk: change.identity, body: undefined }];
    case 'runs':
      return change.runs.map((run) => ({
        pk: `runs#${toGroup(change)}`,
        sk: String(run.startedAt).padStart(15, '0'),
        body: run,
        expires: Math.floor(run.startedAt / 1000) + runSeconds,
      }));
  }
}

interface Row {
  readonly pk: string;
  readonly sk: string;
  /** Undefined: the row is deleted. */
  readonly body: object | undefined;
  /** Seconds since 1970. */
  readonly expires?: number;
}

interface ListOptions {
  readonly newestFirst?: boolean;
  readonly limit?: number;
}

/** Rows of the table, by their two keys. Throws MirrorError. */
interface Rows {
  find(pk: string, sk: string): Promise<unknown>;
  /** All of them or none, where there are 100 at most. */
  write(rows: readonly Row[]): Promise<void>;
  list(pk: string, options?: ListOptions): Promise<readonly unknown[]>;
}

/** TransactWriteItems takes so many rows. */
const transactionRows = 100;

export function openRows(table: string, region: string): Rows {
  let opened: Promise<DynamoDBClient> | undefined;
  const open = () => {
    opened ??= openClient(region);
    return opened;
  };
  return {
    async find(pk, sk) {
      const client = await open();
      const { GetItemCommand } = await import('@aws-sdk/client-dynamodb');
      const Key = { pk: { S: pk }, sk: { S: sk } };
      const input = { TableName: table, Key, ConsistentRead: true };
      const { Item } = await callAws('dynamodb:GetItem', () => client.send(new GetItemCommand(input)));
      return readBody(Item);
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
    const Item = toItem(first, first.body);
    await callAws('dynamodb:PutItem', () => client.send(new PutItemCommand({ TableName: table, Item })));
    return;
  }
  const TransactItems = rows.map((row) =>
    row.body === undefined
      ? { Delete: { TableName: table, Key: { pk: { S: row.pk }, sk: { S: row.sk } } } }
      : { Put: { TableName: table, Item: toItem(row, row.body) } },
  );
  await callAws('dynamodb:PutItem and DeleteItem', () =>
    client.send(new TransactWriteItemsCommand({ TransactItems })),
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

async function openClient(region: string): Promise<DynamoDBClient> {
  const { DynamoDBClient } = await import('@aws-sdk/client-dynamodb');
  return new DynamoDBClient({ region, requestHandler: createRequestHandler() });
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
