import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { openDynamoStore } from '../../../src/fleet/aws/resources/dynamoStore';
import type { RepositoryState } from '../../../src/fleet/state/repositoryState';
import type { SandboxFaults } from '../../../src/sandbox/faults';
import { createCertificate } from '../../../src/sandbox/https/certificate';
import { type HttpsFace, openHttpsFace } from '../../../src/sandbox/https/face';
import { createRepository } from '../../../src/sandbox/repository';
import { openFolder } from '../../servers/folder';
import { type CodeCommitApi, openCodeCommitApi } from '../../servers/lambda/codeCommitApi';
import { type EventSource, openEventSource } from '../../servers/lambda/eventSource';
import { type Moto, openMoto } from '../../servers/moto';
import { openTokenHost, type TokenHost, toBasic } from '../../servers/tokenHost';

export const token = 'token-of-the-destination';

/** A CodeCommit, a git host, and AWS as far as moto has it: all that the functions talk to. */
export interface AwsWorld extends AsyncDisposable {
  readonly moto: Moto;
  readonly codecommit: HttpsFace;
  readonly host: TokenHost;
  readonly queue: EventSource;
  /** The folder that the functions have as their disk. */
  readonly disk: string;
  /** The environment of every function. */
  readonly env: Readonly<Record<string, string>>;
  /** Makes a repository on both sides; gives their paths. */
  createPair(name: string): Promise<{ readonly source: string; readonly destination: string }>;
  putSecret(text: string): Promise<void>;
  findState(name: string): Promise<RepositoryState | undefined>;
  /** What CodeCommit's API lists. */
  readonly api: CodeCommitApi;
  /** What is left on the disk of the functions. */
  readDisk(): Promise<readonly string[]>;
  /** A second CodeCommit, which can fail in several ways. */
  readonly other: {
    readonly face: HttpsFace;
    readonly faults: SandboxFaults;
    createRepository(name: string): Promise<string>;
  };
}

/** CodeCommit's id of a repository, as the tests give it. */
export function toId(name: string): string {
  return `id-of-${name}`;
}

export function toPlace(name: string) {
  return { mirror: 'codecommit', identity: `codecommit.us-east-1#${toId(name)}`, path: name };
}

export async function openAwsWorld(): Promise<AwsWorld> {
  const folder = await openFolder();
  const [sources, destinations, disk] = ['sources', 'destinations', 'disk'].map((name) =>
    join(folder.path, name),
  ) as [string, string, string];
  for (const path of [sources, destinations, disk]) await mkdir(path);
  const moto = await openMoto();
  const api = await openCodeCommitApi();
  const certificate = createCertificate();
  const counts = { connections: 0, authentications: 0, pushes: 0 } as never;
  const codecommit = await openHttpsFace({ root: sources, certificate, faults: {}, counts });
  const keys = {
    accessKeyId: moto.env['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: moto.env['AWS_SECRET_ACCESS_KEY'] ?? '',
  };
  codecommit.allow(keys);
  const faults: SandboxFaults = {};
  const others = join(folder.path, 'others');
  await mkdir(others);
  const other = await openHttpsFace({ root: others, certificate, faults, counts });
  other.allow(keys);
  const host = await openTokenHost(destinations, toBasic('oauth2', token));
  const authorities = join(folder.path, 'authorities.pem');
  await writeFile(authorities, `${certificate.cert}\n${host.certificate.cert}`);
  const client = toClientOptions(moto);
  const queue = await openEventSource(client);
  await createTable(client);
  const secrets = new SecretsManagerClient(client);
  const { ARN: secret = '' } = await secrets.send(
    new CreateSecretCommand({ Name: 'mirror', SecretString: JSON.stringify({ token }) }),
  );
  return {
    moto,
    codecommit,
    host,
    queue,
    disk,
    env: {
      ...moto.env,
      AWS_ENDPOINT_URL_CODECOMMIT: api.url,
      TMPDIR: disk,
      HOME: disk,
      STACK_NAME: 'test',
      QUEUE_URL: queue.url,
      TABLE_NAME: 'states',
      SOURCE_REPOSITORIES: '*',
      SOURCE_URL: `https://${codecommit.host}/v1/repos/{name}`,
      DESTINATION_URL: host.url('{name}'),
      DESTINATION_SECRET: secret,
      SSL_CERT_FILE: authorities,
      FORCE: 'true',
      PRUNE: 'true',
    },
    createPair: async (name) => ({
      source: await createRepository(sources, name),
      destination: await host.createRepository(name),
    }),
    async putSecret(text) {
      await secrets.send(new PutSecretValueCommand({ SecretId: secret, SecretString: text }));
    },
    findState: (name) => {
      const { mirror, identity } = toPlace(name);
      const find = () => openDynamoStore('states', 'us-east-1').readRepository(mirror, identity);
      return withEnvironment(moto.env, find);
    },
    api,
    readDisk: () => readdir(join(disk, 'codecommit-mirror')),
    other: { face: other, faults, createRepository: (name) => createRepository(others, name) },
    async [Symbol.asyncDispose]() {
      await other[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
      await codecommit[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
      await moto[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export function toClientOptions({ url, env }: Moto) {
  const credentials = {
    accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
  };
  return { endpoint: url, region: 'us-east-1', credentials };
}

/** AWS's clients read their endpoint from the environment of the process. */
export async function withEnvironment<T>(
  env: Readonly<Record<string, string>>,
  work: () => Promise<T>,
): Promise<T> {
  const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
  Object.assign(process.env, env);
  try {
    return await work();
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}

async function createTable(options: ReturnType<typeof toClientOptions>): Promise<void> {
  const client = new DynamoDBClient(options);
  await client.send(
    new CreateTableCommand({
      TableName: 'states',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S' as const,
      })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
}
