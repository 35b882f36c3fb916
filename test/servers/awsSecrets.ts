import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { listenOnLoopback } from '../../src/sandbox/loopback';

/** Secrets Manager and Parameter Store in one, in AWS's JSON protocol 1.1, of two calls. */
export interface AwsSecrets extends AsyncDisposable {
  /** For AWS_ENDPOINT_URL. */
  readonly url: string;
  /** By ARN or name. */
  readonly values: Map<string, string>;
  /** What each request was signed for, `<region>/<service>`, and whether it asked for decryption. */
  readonly requests: { readonly scope: string; readonly isDecrypted: boolean }[];
  /** Refuses every request so. */
  refusal: string | undefined;
}

export async function openAwsSecrets(): Promise<AwsSecrets> {
  const server = createServer(async (request, response) => {
    const asked: Record<string, unknown> = JSON.parse(await text(request));
    const [, scope = ''] =
      /Credential=[^/]+\/\d{8}\/([^/]+\/[^/]+)\/aws4_request/.exec(request.headers.authorization ?? '') ?? [];
    world.requests.push({ scope, isDecrypted: asked['WithDecryption'] === true });
    const [status, body] = answer(String(request.headers['x-amz-target']), asked);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  });

  function answer(target: string, asked: Record<string, unknown>): [number, object] {
    if (world.refusal !== undefined) return [400, { __type: world.refusal, message: 'no access to it' }];
    const isSecret = target === 'secretsmanager.GetSecretValue';
    if (!isSecret && target !== 'AmazonSSM.GetParameter')
      return [400, { __type: 'UnknownOperationException' }];
    const value = world.values.get(String(isSecret ? asked['SecretId'] : asked['Name']));
    if (value === undefined)
      return [400, { __type: isSecret ? 'ResourceNotFoundException' : 'ParameterNotFound' }];
    return [200, isSecret ? { SecretString: value } : { Parameter: { Value: value } }];
  }

  const world: AwsSecrets = {
    url: `http://127.0.0.1:${await listenOnLoopback(server)}`,
    values: new Map(),
    requests: [],
    refusal: undefined,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return world;
}
