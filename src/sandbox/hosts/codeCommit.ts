import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../loopback';
import { answerSts, sessionAccessKeyId } from './assumeRole';
import { AwsError } from './awsError';

export interface CodeCommitRepository {
  readonly id: string;
  name: string;
  description: string;
  changedAt: Date;
  readonly tags: Readonly<Record<string, string>>;
  /** Its encryption key is switched off: it is listed, and nothing more. */
  isLocked?: boolean;
}

/** One failure for an action such as `ListRepositories`, so many times or always. */
export interface CodeCommitFault {
  readonly action: string;
  readonly status: number;
  readonly code: string;
  readonly message?: string;
  times?: number;
  readonly meanwhile?: () => void;
}

/** CodeCommit's API for one account and one region. */
export interface CodeCommitServer extends AsyncDisposable {
  /** For AWS_ENDPOINT_URL_CODECOMMIT, _STS and _SERVICE_QUOTAS. */
  readonly url: string;
  repositories: CodeCommitRepository[];
  readonly faults: CodeCommitFault[];
  /** The actions that were asked for, in their order. */
  readonly requests: string[];
  /** Names a page of ListRepositories. */
  pageSize: number;
  /** Repositories that the account may have; undefined: as many as by default. */
  quota: number | undefined;
  /** The environment of a program that works with this account. */
  readonly env: Readonly<Record<string, string>>;
  add(name: string, more?: Partial<CodeCommitRepository>): CodeCommitRepository;
}

export interface CodeCommitOptions {
  /** Where git is served for a name; by default AWS's own host, which nobody can reach from here. */
  readonly toCloneUrl?: (name: string) => string;
  /** Awaited when a repository is created. */
  readonly onRepository?: (name: string) => Promise<unknown>;
  /** Makes a branch the default of a repository; false where it has no such branch. */
  readonly onDefaultBranch?: (name: string, branch: string) => Promise<boolean>;
}

const defaultQuota = 5_000;
const accessKeyId = 'AKIAIOSFODNN7EXAMPLE';

/** Opens CodeCommit's JSON 1.1 API of our own, and STS's AssumeRole for one role. Other access keys are refused. */
export async function openCodeCommitServer(options: CodeCommitOptions = {}): Promise<CodeCommitServer> {
  const listener = createServer((request, response) => {
    answer(server, options, request, response).catch((error: Error) => response.destroy(error));
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(listener)}`;
  const server: CodeCommitServer = {
    url,
    repositories: [],
    faults: [],
    requests: [],
    pageSize: 1_000,
    quota: undefined,
    env: {
      AWS_ENDPOINT_URL_CODECOMMIT: url,
      AWS_ENDPOINT_URL_STS: url,
      AWS_ENDPOINT_URL_SERVICE_QUOTAS: url,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    },
    add(name, more = {}) {
      const changedAt = new Date(Date.UTC(2026, 0, 1) + server.repositories.length * 60_000);
      const repository = { id: randomUUID(), name, description: '', changedAt, tags: {}, ...more };
      server.repositories.push(repository);
      return repository;
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      }),
  };
  return server;
}

const refuse = (code: string, message: string) => new AwsError(400, code, message);

async function answer(
  server: CodeCommitServer,
  options: CodeCommitOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await text(request);
  const target = request.headers['x-amz-target'];
  if (typeof target !== 'string') {
    const parameters = new URLSearchParams(body);
    server.requests.push(`sts:${parameters.get('Action')}`);
    return answerSts(parameters, response);
  }
  const send = (status: number, value: unknown) =>
    void response
      .writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify(value));
  try {
    const action = target.replace(/^.*\./, '');
    admit(server, request, action);
    const call = calls[action];
    if (call === undefined) throw refuse('UnknownOperationException', action);
    send(200, await call(server, JSON.parse(body), options));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    send(error.status, { __type: error.code, message: error.message });
  }
}

function admit(server: CodeCommitServer, { headers }: IncomingMessage, action: string): void {
  server.requests.push(action);
  const fault = server.faults.find((each) => each.action === action && each.times !== 0);
  fault?.meanwhile?.();
  if (fault?.times !== undefined) fault.times -= 1;
  if (fault !== undefined && fault.status >= 400)
    throw new AwsError(fault.status, fault.code, fault.message ?? `${action} says ${fault.code}`);
  const [, id = ''] = /Credential=(\w+)\//.exec(headers.authorization ?? '') ?? [];
  const isKnown = id === accessKeyId || id === sessionAccessKeyId || /^ASIASESSION\d{9}$/.test(id);
  if (!isKnown)
    throw refuse('UnrecognizedClientException', 'The security token included in the request is invalid.');
}

type Call = (
  server: CodeCommitServer,
  input: Record<string, unknown>,
  options: CodeCommitOptions,
) => unknown | Promise<unknown>;

const calls: Readonly<Record<string, Call>> = {
  ListRepositories(server, { sortBy, order, nextToken }) {
    const isByDate = sortBy === 'lastModifiedDate';
    const toKey = (each: CodeCommitRepository) => (isByDate ? each.changedAt.getTime() : each.name);
    const sign = order === 'descending' ? -1 : 1;
    const sorted = [...server.repositories].sort((one, other) => (toKey(one) < toKey(other) ? -sign : sign));
    // The token names the last row that was given.
    const start =
      nextToken === undefined
        ? 0
        : sorted.findIndex((each) => sign * compare(toKey(each), String(nextToken)) > 0);
    const page = start === -1 ? [] : sorted.slice(start, start + server.pageSize);
    const last = page.at(-1);
    const hasMore = last !== undefined && sorted.indexOf(last) < sorted.length - 1;
    return {
      repositories: page.map(({ id, name }) => ({ repositoryId: id, repositoryName: name })),
      ...(hasMore && { nextToken: String(toKey(last)) }),
    };
  },
  BatchGetRepositories(server, { repositoryNames }, options) {
    const names = toNames(repositoryNames);
    if (names.length > 25) throw refuse('MaximumRepositoryNamesExceededException', 'Maximum allowed is 25');
    const found = server.repositories.filter(({ name }) => names.includes(name));
    const locked = found.filter(({ isLocked }) => isLocked === true);
    return {
      repositories: found.filter((each) => !locked.includes(each)).map((each) => toMetadata(each, options)),
      repositoriesNotFound: names.filter((name) => !found.some((each) => each.name === name)),
      errors: locked.map(({ id, name }) => ({
        repositoryId: id,
        repositoryName: name,
        errorCode: 'EncryptionKeyDisabledException',
        errorMessage: 'The encryption key is disabled.',
      })),
    };
  },
  async CreateRepository(server, { repositoryName, repositoryDescription, tags }, options) {
    const name = String(repositoryName);
    if (!/^[\w.-]{1,100}$/.test(name) || name.endsWith('.git'))
      throw refuse('InvalidRepositoryNameException', 'The repository name is not valid.');
    if (server.repositories.some((each) => each.name === name))
      throw refuse('RepositoryNameExistsException', `Repository named ${name} already exists`);
    if (server.repositories.length >= (server.quota ?? defaultQuota))
      throw refuse(
        'RepositoryLimitExceededException',
        'The maximum number of repositories has been exceeded.',
      );
    const description = String(repositoryDescription ?? '');
    if (description.length > 1_000)
      throw refuse('InvalidRepositoryDescriptionException', 'The repository description is not valid.');
    const made = server.add(name, { description, changedAt: new Date(), tags: Object(tags ?? {}) });
    await options.onRepository?.(name);
    return { repositoryMetadata: toMetadata(made, options) };
  },
  async UpdateDefaultBranch(server, { repositoryName, defaultBranchName }, options) {
    const { name } = findNamed(server, repositoryName);
    const branch = String(defaultBranchName);
    if (!(await options.onDefaultBranch?.(name, branch)))
      throw refuse('BranchDoesNotExistException', `${branch} does not exist`);
    return {};
  },
  /** Of Service Quotas; an account without a value of its own has the default. */
  GetServiceQuota({ quota }) {
    if (quota === undefined) throw refuse('NoSuchResourceException', 'The quota has no value.');
    return { Quota: { QuotaName: 'Allowed repositories', Value: quota } };
  },
  GetAWSDefaultServiceQuota: () => ({ Quota: { QuotaName: 'Allowed repositories', Value: defaultQuota } }),
  UpdateRepositoryDescription(server, { repositoryName, repositoryDescription }) {
    findNamed(server, repositoryName).description = String(repositoryDescription ?? '');
    return {};
  },
};

function findNamed(server: CodeCommitServer, wanted: unknown): CodeCommitRepository {
  const found = server.repositories.find(({ name }) => name === wanted);
  if (found === undefined) throw refuse('RepositoryDoesNotExistException', `${wanted} does not exist`);
  return found;
}

function compare(key: string | number, text: string): number {
  const other = typeof key === 'number' ? Number(text) : text;
  if (key === other) return 0;
  return key < other ? -1 : 1;
}

function toNames(names: unknown): readonly string[] {
  return Array.isArray(names) ? names.map(String) : [];
}

function toMetadata(
  { id, name, description, changedAt }: CodeCommitRepository,
  { toCloneUrl }: CodeCommitOptions,
) {
  const seconds = changedAt.getTime() / 1_000;
  return {
    accountId: '111122223333',
    repositoryId: id,
    repositoryName: name,
    ...(description !== '' && { repositoryDescription: description }),
    lastModifiedDate: seconds,
    creationDate: seconds,
    cloneUrlHttp: toCloneUrl?.(name) ?? `https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/${name}`,
    Arn: `arn:aws:codecommit:eu-west-1:111122223333:${name}`,
  };
}
