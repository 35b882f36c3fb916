import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAwsSecretReader } from '../../../src/fleet/secrets/awsReader';
import { parseSecretReference } from '../../../src/fleet/secrets/reference';
import { resolveSecret } from '../../../src/fleet/secrets/resolve';
import { type AwsSecrets, openAwsSecrets } from '../../servers/awsSecrets';

const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:fleet/github-AbCdEf';
const parameterArn = 'arn:aws:ssm:eu-central-1:123456789012:parameter/fleet/github';

let aws: AwsSecrets;
beforeAll(async () => {
  aws = await openAwsSecrets();
});
afterAll(() => aws[Symbol.asyncDispose]());
beforeEach(() => {
  aws.values.clear();
  aws.requests.length = 0;
  aws.refusal = undefined;
});

async function resolve(text: string, more: Record<string, string | undefined> = { AWS_REGION: 'us-east-2' }) {
  const env = { AWS_ENDPOINT_URL: aws.url, ...more };
  const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'an-example' };
  const reader = createAwsSecretReader({ env, config: { credentials, maxAttempts: 1 } });
  const reference = parseSecretReference(text);
  if (reference === undefined) throw new Error(`no reference: ${text}`);
  return await resolveSecret(reference, { env, aws: reader, conceal: () => undefined });
}

describe('a secret of AWS', () => {
  it('is read where its ARN says, decrypted', async () => {
    aws.values.set(arn, 'one');
    aws.values.set(parameterArn, 'two');
    aws.values.set('/fleet/gitlab', 'three');
    expect([await resolve(arn), await resolve(parameterArn), await resolve('ssm:/fleet/gitlab')]).toEqual([
      'one',
      'two',
      'three',
    ]);
    expect(aws.requests).toEqual([
      { scope: 'eu-west-1/secretsmanager', isDecrypted: false },
      { scope: 'eu-central-1/ssm', isDecrypted: true },
      { scope: 'us-east-2/ssm', isDecrypted: true },
    ]);
  });

  it.each([
    [arn, 'ResourceNotFoundException'],
    ['ssm:/missing', 'ParameterNotFound'],
  ])('that is not there is told by its reference: %s', async (text, name) => {
    await expect(resolve(text)).rejects.toMatchObject({
      code: 'fleet-secret-unavailable',
      message: `The secret ${text} can't be used: AWS answered ${name}.`,
    });
  });

  it('that may not be read is told so, and a region that is missing too', async () => {
    aws.refusal = 'AccessDeniedException';
    await expect(resolve(arn)).rejects.toThrow('AWS answered AccessDeniedException');
    await expect(resolve('ssm:/fleet/gitlab', {})).rejects.toThrow('set AWS_REGION');
  });
});
