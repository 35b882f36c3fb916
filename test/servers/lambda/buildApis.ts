import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../../../src/sandbox/loopback';

/** CodeBuild's StartBuild and Lambda's GetFunction: moto's answers to both are not as AWS's clients want them. */
export interface BuildApis extends AsyncDisposable {
  /** For AWS_ENDPOINT_URL_CODEBUILD and AWS_ENDPOINT_URL_LAMBDA. */
  readonly url: string;
  /** What each build was started with. */
  readonly builds: Readonly<Record<string, unknown>>[];
}

export const image = '123456789012.dkr.ecr.us-east-1.amazonaws.com/mirrorfunction@sha256:00';

/** AWS CodeBuild API Reference, StartBuild; AWS Lambda API Reference, GetFunction. */
export async function openBuildApis(): Promise<BuildApis> {
  const builds: Readonly<Record<string, unknown>>[] = [];
  const server = createServer(async (request, response) => {
    const body = await text(request);
    if (request.url === '/2015-03-31/functions/mirror') {
      response.setHeader('Content-Type', 'application/json');
      return void response.end(JSON.stringify({ Code: { RepositoryType: 'ECR', ResolvedImageUri: image } }));
    }
    if (request.headers['x-amz-target'] !== 'CodeBuild_20161006.StartBuild')
      return void response.writeHead(404).end('{}');
    builds.push(JSON.parse(body));
    response.setHeader('Content-Type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify({ build: { id: `large:${builds.length}`, startTime: 1_780_000_000.5 } }));
  });
  return {
    url: `http://127.0.0.1:${await listenOnLoopback(server)}`,
    builds,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
