import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { MirrorError, toErrorText } from '../../../errors';

/** What Lambda says of one invocation, beside its event. */
export interface Invocation {
  readonly requestId: string;
  /** Milliseconds since 1970, when Lambda ends the process. */
  readonly deadline: number;
}

/** Does the work of one invocation; what it gives is the answer, as JSON. */
export type Handler = (event: unknown, invocation: Invocation) => Promise<unknown>;

/** The API of a function's sandbox (AWS Lambda Developer Guide, "Lambda runtime API", version 2018-06-01). */
export interface RuntimeApi {
  /** `AWS_LAMBDA_RUNTIME_API`, `host:port`. */
  readonly address: string;
  /** Takes secrets out of what is sent as an error. */
  readonly clean: (text: string) => string;
}

/** The most that Lambda takes as an answer: 6 MB. */
const answerBytes = 6 * 2 ** 20;

/**
 * Serves invocations one after the other, and ends only by throwing: when the API is gone or says that it can't go on
 * (500). An error of the handler is an answer, too.
 */
export async function serveInvocations(api: RuntimeApi, handler: Handler): Promise<never> {
  for (;;) {
    const next = await readNext(api);
    const answer = await findAnswer(handler, next, api);
    const sent = await post(api, `invocation/${next.invocation.requestId}/${answer.path}`, answer);
    // 413: what we count and what Lambda counts may differ.
    if (sent === 413) await postError(api, next.invocation.requestId, answerTooLarge());
    else if (sent >= 500) throw apiFailed(answer.path, sent);
  }
}

/** Says that the function can't start. Lambda then ends the process and starts another one. */
export async function reportInitError(api: RuntimeApi, error: unknown): Promise<void> {
  await post(api, 'init/error', toErrorAnswer(error, api));
}

interface Next {
  readonly body: string;
  readonly invocation: Invocation;
}

/** Waits for the next invocation: for hours, if nothing happens. The process may be frozen meanwhile. */
async function readNext(api: RuntimeApi): Promise<Next> {
  const response = await send(api, 'GET', 'invocation/next', {});
  const body = await text(response);
  const { statusCode: status = 0, headers } = response;
  const requestId = headers['lambda-runtime-aws-request-id'];
  if (status !== 200 || typeof requestId !== 'string') throw apiFailed('invocation/next', status);
  return { body, invocation: { requestId, deadline: Number(headers['lambda-runtime-deadline-ms']) } };
}

interface Answer {
  readonly path: 'response' | 'error';
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function findAnswer(handler: Handler, { body, invocation }: Next, api: RuntimeApi): Promise<Answer> {
  try {
    const answer = (await handler(JSON.parse(body), invocation)) ?? null;
    const json = JSON.stringify(answer);
    if (Buffer.byteLength(json) > answerBytes) throw answerTooLarge();
    return { path: 'response', body: json };
  } catch (error) {
    return toErrorAnswer(error, api);
  }
}

async function postError(api: RuntimeApi, requestId: string, error: unknown): Promise<void> {
  const answer = toErrorAnswer(error, api);
  const status = await post(api, `invocation/${requestId}/error`, answer);
  if (status >= 300) throw apiFailed('error', status);
}

/** Without a stack: it names files of ours, and may quote what was being worked on. */
function toErrorAnswer(error: unknown, { clean }: RuntimeApi): Answer {
  const errorType = error instanceof MirrorError ? error.code : error instanceof Error ? error.name : 'Error';
  const errorMessage = clean(toErrorText(error));
  return {
    path: 'error',
    body: JSON.stringify({ errorMessage, errorType, stackTrace: [] }),
    headers: { 'Lambda-Runtime-Function-Error-Type': errorType },
  };
}

async function post(api: RuntimeApi, path: string, { body, headers }: Omit<Answer, 'path'>): Promise<number> {
  const response = await send(api, 'POST', path, { body, headers });
  response.resume();
  return response.statusCode ?? 0;
}

interface Sent {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** By node:http, which waits as long as it takes; fetch gives up after five minutes without headers. */
function send(
  { address }: RuntimeApi,
  method: string,
  path: string,
  { body = '', headers }: Sent,
): Promise<IncomingMessage> {
  const url = `http://${address}/2018-06-01/runtime/${path}`;
  const length = { 'Content-Length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request(url, {
      method,
      headers: { ...headers, ...(body !== '' && length) },
      agent: false,
    });
    sent.on('response', resolve);
    sent.on('error', (error) => reject(apiFailed(path, error.message)));
    sent.end(body);
  });
}

const answerTooLarge = () =>
  new MirrorError('fleet-aws-failed', {
    message: `The answer of this function has more than ${answerBytes} bytes, which Lambda does not take.`,
    remedy: 'Report this with the log of the function.',
  });

const apiFailed = (call: string, said: number | string) =>
  new MirrorError('fleet-aws-failed', {
    message: `The runtime API of Lambda failed at ${call}: ${typeof said === 'number' ? `HTTP ${said}` : said}`,
    remedy:
      'Lambda starts the function again by itself. If it does so again and again, read the log of the function.',
  });
