import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { listenOnLoopback } from '../../../src/sandbox/loopback';

/** The part of CodeCommit's API that lists repositories, which moto lacks. */
export interface CodeCommitApi extends AsyncDisposable {
  /** For AWS_ENDPOINT_URL_CODECOMMIT. */
  readonly url: string;
  /** Name → repositoryId. */
  readonly repositories: Map<string, string>;
  /** Requests are refused with this error of AWS. */
  refusal: string | undefined;
}

const listSchema = z.object({
  nextToken: z.string().optional(),
  order: z.enum(['ascending', 'descending']).optional(),
});

/** ListRepositories (AWS CodeCommit API Reference) in pages of `pageSize`; AWS's have 1,000. */
export async function openCodeCommitApi(pageSize = 2): Promise<CodeCommitApi> {
  const server = createServer(async (request, response) => {
    const body: unknown = JSON.parse((await text(request)) || '{}');
    const target = request.headers['x-amz-target'];
    response.setHeader('Content-Type', 'application/x-amz-json-1.1');
    if (api.refusal !== undefined)
      return void response.writeHead(400).end(JSON.stringify({ __type: api.refusal, message: 'no' }));
    if (target !== 'CodeCommit_20150413.ListRepositories') return void response.writeHead(404).end('{}');
    const { nextToken = '0', order } = listSchema.parse(body);
    const all = [...api.repositories].map(([repositoryName, repositoryId]) => ({
      repositoryName,
      repositoryId,
    }));
    if (order === 'descending') all.reverse();
    const start = Number(nextToken);
    const isLast = start + pageSize >= all.length;
    const page = all.slice(start, start + pageSize);
    response.end(
      JSON.stringify({ repositories: page, ...(!isLast && { nextToken: String(start + pageSize) }) }),
    );
  });
  const api: CodeCommitApi = {
    url: `http://127.0.0.1:${await listenOnLoopback(server)}`,
    repositories: new Map(),
    refusal: undefined,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return api;
}
