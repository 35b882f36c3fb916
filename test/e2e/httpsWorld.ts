import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AwsKeys } from '../../src/aws/identity';
import { createCertificate } from '../../src/sandbox/https/certificate';
import { type HttpsFace, openHttpsFace } from '../../src/sandbox/https/face';
import type { PipelinesClone } from '../servers/pipelinesClone';
import { openSts, type Sts } from '../servers/sts';
import { openWorld, type Run, type World } from './world';

export const keys: AwsKeys = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'secret-of-a-lasting-key',
};
export const temporaryKeys: AwsKeys = {
  accessKeyId: 'ASIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'secret-of-a-temporary-key',
  sessionToken: 'token/of+a/temporary+key==',
};
export const roleArn = 'arn:aws:iam::111122223333:role/mirror';
export const oidcToken = 'header.oidc-token-of-the-step.signature';
/** Keys of the n-th session of the role. */
export const toSessionKeys = (session: number) => ({
  accessKeyId: `ASIASESSION${String(session).padStart(9, '0')}`,
  secretAccessKey: `secret-of-session-${session}`,
  sessionToken: `token/of+session-${session}==`,
});

/** Made once a test file: an RSA key takes a moment. */
export const certificate = createCertificate();

type Changes = Readonly<Record<string, string | undefined>>;

/** A world whose other end is reached over HTTPS, without any SSH key on the machine. */
export interface HttpsWorld extends Omit<World, 'variables' | 'pipe'> {
  readonly face: HttpsFace;
  readonly sts: Sts;
  /** The variables of a step that mirrors with a lasting access key. */
  readonly variables: Readonly<Record<string, string>>;
  /** Of a step that assumes the role: to be laid over `variables`. */
  readonly role: Changes;
  pipe(clone: PipelinesClone, changes?: Changes): Promise<Run>;
}

export async function openHttpsWorld(): Promise<HttpsWorld> {
  const world = await openWorld();
  const { faults, counts, root } = world.sandbox;
  const face = await openHttpsFace({ root, certificate, faults, counts });
  face.allow(keys);
  face.allow(temporaryKeys);
  const sts = await openSts({
    roleArn,
    token: oidcToken,
    createKeys(session) {
      const made = toSessionKeys(session);
      face.allow(made);
      return made;
    },
  });
  const authorities = join(world.root, 'authorities.pem');
  await writeFile(authorities, certificate.cert);
  const variables = {
    CODECOMMIT_URL: 'codecommit::us-east-1://app',
    CODECOMMIT_ENDPOINT: face.host,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    SSL_CERT_FILE: authorities,
    AWS_ENDPOINT_URL_STS: sts.url,
  };
  const keyless = { SSH_KEY_ID: undefined, BITBUCKET_SSH_KEY_FILE: undefined };
  const role = {
    AWS_ACCESS_KEY_ID: undefined,
    AWS_SECRET_ACCESS_KEY: undefined,
    AWS_OIDC_ROLE_ARN: roleArn,
    BITBUCKET_STEP_OIDC_TOKEN: oidcToken,
  };
  return {
    ...world,
    face,
    sts,
    variables,
    role,
    pipe: (clone, changes = {}) => world.pipe(clone, { ...keyless, ...variables, ...changes }),
    async [Symbol.asyncDispose]() {
      await face[Symbol.asyncDispose]();
      await sts[Symbol.asyncDispose]();
      await world[Symbol.asyncDispose]();
    },
  };
}
