import { randomUUID } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../../../src/sandbox/loopback';

/** What the function answered to one invocation. */
export interface Invoked {
  readonly kind: 'response' | 'error';
  /** JSON, parsed. */
  readonly body: unknown;
  /** Of the header Lambda-Runtime-Function-Error-Type. */
  readonly errorType: string | undefined;
}

interface Waiting {
  readonly id: string;
  readonly event: unknown;
  readonly deadline: number;
  settle(answer: Invoked): void;
}

/** The API of a function's sandbox: next, response, error and init error, with 413 for an answer of more than 6 MB. */
export interface FunctionRuntimeApi extends AsyncDisposable {
  /** For AWS_LAMBDA_RUNTIME_API. */
  readonly address: string;
  /** Invokes the function; `milliseconds` is how long it has. */
  invoke(event: unknown, milliseconds?: number): Promise<Invoked>;
  /** Rejects the invocation that is waiting or running: the function is gone. */
  fail(because: string): void;
  /** What came to init/error. */
  readonly initErrors: { readonly errorType: string; readonly errorMessage: string }[];
  /** Answers of this status to response and error; 202 unless said. */
  status: number;
  /** The method and path of each request, in their order. */
  readonly requests: string[];
}

const base = '/2018-06-01/runtime/';

/** A server of "Lambda runtime API", AWS Lambda Developer Guide, version 2018-06-01. */
export async function openRuntimeApi(): Promise<FunctionRuntimeApi> {
  const waiting: Waiting[] = [];
  const running = new Map<string, Waiting & { fail(error: Error): void }>();
  const failures = new Map<string, (error: Error) => void>();
  const pollers: ServerResponse[] = [];

  function match(): void {
    while (waiting.length > 0 && pollers.length > 0) {
      const [next, response] = [waiting.shift() as Waiting, pollers.shift() as ServerResponse];
      running.set(next.id, { ...next, fail: failures.get(next.id) ?? (() => undefined) });
      response.writeHead(200, {
        'Content-Type': 'application/json',
        'Lambda-Runtime-Aws-Request-Id': next.id,
        'Lambda-Runtime-Deadline-Ms': String(next.deadline),
        'Lambda-Runtime-Invoked-Function-Arn': 'arn:aws:lambda:us-east-1:123456789012:function:mirror',
        'Lambda-Runtime-Trace-Id':
          'Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1',
      });
      response.end(JSON.stringify(next.event));
    }
  }
  const server = createServer(async (request, response) => {
    const { method = '', url = '' } = request;
    api.requests.push(`${method} ${url.replace(base, '')}`);
    if (method === 'GET' && url === `${base}invocation/next`) {
      pollers.push(response);
      return match();
    }
    const body = await text(request);
    const errorType = request.headers['lambda-runtime-function-error-type'];
    if (method === 'POST' && url === `${base}init/error`) {
      api.initErrors.push(JSON.parse(body));
      return void response.writeHead(202).end('{"status":"OK"}');
    }
    const [, id = '', kind] = /\/invocation\/([^/]+)\/(response|error)$/.exec(url) ?? [];
    const found = running.get(id);
    if (method !== 'POST' || found === undefined) return void response.writeHead(403).end();
    if (Buffer.byteLength(body) > 6 * 2 ** 20 || (api.status === 413 && kind === 'response'))
      return void response.writeHead(413).end();
    running.delete(id);
    response.writeHead(api.status === 413 ? 202 : api.status).end('{"status":"OK"}');
    found.settle({
      kind: kind as Invoked['kind'],
      body: JSON.parse(body),
      errorType: typeof errorType === 'string' ? errorType : undefined,
    });
  });
  const port = await listenOnLoopback(server);
  const api: FunctionRuntimeApi = {
    address: `127.0.0.1:${port}`,
    initErrors: [],
    status: 202,
    requests: [],
    invoke: (event, milliseconds = 900_000) =>
      new Promise((resolve, reject) => {
        const id = randomUUID();
        failures.set(id, reject);
        waiting.push({ id, event, deadline: Date.now() + milliseconds, settle: resolve });
        match();
      }),
    fail(because) {
      for (const each of [...waiting, ...running.values()]) failures.get(each.id)?.(new Error(because));
      waiting.length = 0;
      running.clear();
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return api;
}
