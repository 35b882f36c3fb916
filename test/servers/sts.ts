import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Session } from '../../src/aws/identity';
import { listenOnLoopback } from '../../src/sandbox/loopback';

/** What STS answers in place of a session. `code` is one of its error codes; its status is 403 for AccessDenied. */
export interface StsRefusal {
  readonly code: string;
  readonly message: string;
  readonly status?: number;
}

/** A Security Token Service of our own, in the query protocol of AWS, for one role and one token. */
export interface Sts extends AsyncDisposable {
  /** For AWS_ENDPOINT_URL_STS. */
  readonly url: string;
  /** What the n-th request, from 1, is refused with. */
  refuse(request: number): StsRefusal | undefined;
  /** Seconds that a session lasts; 3600 unless said. */
  lifetime: number;
  /** Requests are taken and never answered. */
  hang: boolean;
  /** The parameters of each request, in their order. */
  readonly requests: Readonly<Record<string, string>>[];
}

export interface StsOptions {
  readonly roleArn: string;
  readonly token: string;
  /** Over TLS, with this certificate. */
  readonly certificate?: { readonly key: string; readonly cert: string };
  /** Makes the keys of the n-th session, from 1. */
  createKeys(session: number): Session['keys'];
}

export async function openSts(options: StsOptions): Promise<Sts> {
  const requests: Readonly<Record<string, string>>[] = [];
  let sessions = 0;
  const server = start(options.certificate, async (request, response) => {
    const asked = Object.fromEntries(new URLSearchParams(await text(request)));
    requests.push(asked);
    const refusal = sts.refuse(requests.length) ?? planRefusal(options, asked);
    if (sts.hang) return;
    response.setHeader('Content-Type', 'text/xml');
    if (refusal !== undefined) {
      response.writeHead(refusal.status ?? (refusal.code === 'AccessDenied' ? 403 : 400));
      return void response.end(toErrorXml(refusal));
    }
    sessions += 1;
    response.end(
      toSessionXml(options.createKeys(sessions), new Date(Date.now() + sts.lifetime * 1000), asked),
    );
  });
  const sts: Sts = {
    url: `${options.certificate ? 'https' : 'http'}://127.0.0.1:${await listenOnLoopback(server)}`,
    refuse: () => undefined,
    lifetime: 3600,
    hang: false,
    requests,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return sts;
}

function start(certificate: StsOptions['certificate'], listener: RequestListener) {
  return certificate ? createTlsServer(certificate, listener) : createServer(listener);
}

function planRefusal(options: StsOptions, asked: Readonly<Record<string, string>>): StsRefusal | undefined {
  const action = asked['Action'];
  if (action !== 'AssumeRoleWithWebIdentity' || asked['Version'] !== '2011-06-15')
    return { code: 'InvalidAction', message: `Could not find operation ${action}` };
  if (asked['RoleArn'] !== options.roleArn)
    return {
      code: 'AccessDenied',
      message: 'Not authorized to perform sts:AssumeRoleWithWebIdentity',
    };
  if (asked['WebIdentityToken'] !== options.token)
    return {
      code: 'InvalidIdentityToken',
      message:
        'The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)',
    };
  return undefined;
}

const namespace = 'xmlns="https://sts.amazonaws.com/doc/2011-06-15/"';
const requestId = 'c6104cbe-af31-11e0-8154-cbc7ccf896c7';

function toErrorXml({ code, message }: StsRefusal): string {
  return `<ErrorResponse ${namespace}>
  <Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>
  <RequestId>${requestId}</RequestId>
</ErrorResponse>`;
}

function toSessionXml(
  keys: Session['keys'],
  expiresAt: Date,
  asked: Readonly<Record<string, string>>,
): string {
  const assumed = `${asked['RoleArn']?.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/${asked['RoleSessionName']}`;
  return `<AssumeRoleWithWebIdentityResponse ${namespace}>
  <AssumeRoleWithWebIdentityResult>
    <Audience>ari:cloud:bitbucket::workspace/0</Audience>
    <AssumedRoleUser>
      <AssumedRoleId>AROACLKWSDQRAOEXAMPLE:${asked['RoleSessionName']}</AssumedRoleId>
      <Arn>${assumed}</Arn>
    </AssumedRoleUser>
    <Credentials>
      <AccessKeyId>${keys.accessKeyId}</AccessKeyId>
      <SecretAccessKey>${keys.secretAccessKey}</SecretAccessKey>
      <SessionToken>${keys.sessionToken}</SessionToken>
      <Expiration>${expiresAt.toISOString()}</Expiration>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
  <ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>
</AssumeRoleWithWebIdentityResponse>`;
}
