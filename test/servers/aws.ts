import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { AwsError } from '../../src/sandbox/hosts/awsError';
import { listenOnLoopback } from '../../src/sandbox/loopback';
import { iamCalls } from './aws/iam';
import { policyCalls } from './aws/policies';
import type { AwsState, SshKey } from './aws/state';
import { answerTriggers } from './aws/triggers';
import { toXml } from './aws/xml';

/** One failure for an action, each time or so many times. */
export interface AwsFault {
  readonly status: number;
  readonly code: string;
  readonly message?: string;
  /** Default: always. */
  times?: number;
}

/** Told of each call before and after it is carried out; throws an AwsError to refuse it. */
export type OnCall = (call: string, when: 'before' | 'after') => void;

export interface Aws extends AsyncDisposable {
  /** For AWS_ENDPOINT_URL. */
  readonly url: string;
  readonly state: AwsState;
  /** By action, such as `iam:GetUser`; what is changed here counts from then on. */
  readonly faults: Record<string, AwsFault | undefined>;
  /** The actions that were asked for, in their order. */
  readonly requests: string[];
  onCall: OnCall;
  /** The environment of a program that works with this account. */
  readonly env: Readonly<Record<string, string>>;
}

export const secretAccessKey = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const accessKeyId = 'AKIAIOSFODNN7EXAMPLE';

/**
 * Opens an AWS of our own: IAM and STS in the query protocol, CodeCommit in JSON 1.1, on one port of loopback. Who
 * comes with another access key than that of `env` is nobody.
 */
export async function openAws(
  options: {
    readonly partition?: string;
    /** Told of each key that was uploaded or switched on or off. */
    readonly onKey?: (key: SshKey) => void;
    /** Awaited when a repository is made. */
    readonly onRepository?: (name: string) => Promise<unknown>;
  } = {},
): Promise<Aws> {
  const account = '111122223333';
  const state: AwsState = {
    account,
    iamArn: `arn:${options.partition ?? 'aws'}:iam::${account}`,
    users: new Map(),
    roles: new Map(),
    providers: new Map(),
    policies: new Map(),
    triggers: new Map(),
    repositories: new Set(),
    pageSize: 100,
    uploads: 0,
    announce: options.onKey ?? (() => undefined),
  };
  const faults: Record<string, AwsFault | undefined> = {};
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { onRepository } = options;
    const onCall: OnCall = (call, when) => aws.onCall(call, when);
    answer({ request, response, state, faults, requests, onRepository, onCall }).catch((error: Error) =>
      response.destroy(error),
    );
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  const aws: Aws = {
    url,
    state,
    faults,
    requests,
    onCall: () => undefined,
    env: {
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return aws;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly state: AwsState;
  readonly faults: Record<string, AwsFault | undefined>;
  readonly requests: string[];
  readonly onRepository: ((name: string) => Promise<unknown>) | undefined;
  readonly onCall: OnCall;
}

async function answer(exchange: Exchange): Promise<void> {
  const { request } = exchange;
  const body = await text(request);
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string')
    await answerJson(exchange, target.replace('CodeCommit_20150413.', ''), body);
  else answerQuery(exchange, new URLSearchParams(body));
}

/** Notes the action; throws what stands in the way of it. */
function admit({ request, faults, requests, onCall }: Exchange, action: string): void {
  requests.push(action);
  onCall(action, 'before');
  const fault = faults[action];
  if (fault !== undefined && fault.times !== 0) {
    if (fault.times !== undefined) fault.times -= 1;
    throw new AwsError(fault.status, fault.code, fault.message ?? `${action} says ${fault.code}`);
  }
  if (!request.headers.authorization?.includes(`Credential=${accessKeyId}/`))
    throw new AwsError(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');
}

function answerQuery(exchange: Exchange, parameters: URLSearchParams): void {
  const { response, state } = exchange;
  const action = parameters.get('Action') ?? '';
  const service = parameters.get('Version') === '2010-05-08' ? 'iam' : 'sts';
  const send = (status: number, xml: string) =>
    void response.writeHead(status, { 'Content-Type': 'text/xml' }).end(xml);
  const space = `https://${service}.amazonaws.com/doc/${parameters.get('Version')}/`;
  try {
    admit(exchange, `${service}:${action}`);
    const call = service === 'iam' ? (iamCalls[action] ?? policyCalls[action]) : stsCalls[action];
    if (call === undefined) throw new AwsError(400, 'InvalidAction', `no action ${action} here`);
    const result = `<${action}Result>${toXml(call(state, parameters))}</${action}Result>`;
    exchange.onCall(`${service}:${action}`, 'after');
    const metadata = '<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata>';
    send(200, `<${action}Response xmlns="${space}">${result}${metadata}</${action}Response>`);
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const inside = toXml({ Type: 'Sender', Code: error.code, Message: error.message });
    send(
      error.status,
      `<ErrorResponse xmlns="${space}"><Error>${inside}</Error><RequestId>r-1</RequestId></ErrorResponse>`,
    );
  }
}

const stsCalls: typeof iamCalls = {
  GetCallerIdentity: ({ account, iamArn, caller }) => ({
    UserId: 'AIDAEXAMPLEEXAMPLE12',
    Account: account,
    Arn: caller ?? `${iamArn}:user/admin`,
  }),
};

async function answerJson(exchange: Exchange, action: string, body: string): Promise<void> {
  const { response, state } = exchange;
  const send = (status: number, value: unknown) =>
    void response
      .writeHead(status, { 'Content-Type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify(value));
  try {
    admit(exchange, `codecommit:${action}`);
    const name = String(JSON.parse(body).repositoryName);
    const place = `${regionOf(exchange.request)}/${name}`;
    const has = state.repositories.has(place);
    if (action === 'GetRepository' && !has)
      throw new AwsError(400, 'RepositoryDoesNotExistException', `${name} does not exist`);
    if (action === 'CreateRepository' && has)
      throw new AwsError(400, 'RepositoryNameExistsException', `Repository named ${name} already exists`);
    if (action === 'CreateRepository') {
      state.repositories.add(place);
      await exchange.onRepository?.(name);
    }
    const triggers = answerTriggers(state, action, { place, body: JSON.parse(body) });
    exchange.onCall(`codecommit:${action}`, 'after');
    if (triggers !== undefined) return send(200, triggers);
    send(200, { repositoryMetadata: { accountId: state.account, repositoryName: name } });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    send(error.status, { __type: error.code, message: error.message });
  }
}

/** Of the signature: `Credential=<key>/<date>/<region>/<service>/aws4_request`. */
function regionOf({ headers }: IncomingMessage): string {
  return /Credential=[^/]+\/\d+\/([^/]+)\//.exec(headers.authorization ?? '')?.[1] ?? '';
}
