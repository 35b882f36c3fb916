import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { MirrorError } from '../../../src/errors';
import { createAwsSecretReader } from '../../../src/fleet/secrets/awsReader';
import { parseSecretReference, toReferenceText } from '../../../src/fleet/secrets/reference';
import { resolveSecret } from '../../../src/fleet/secrets/resolve';
import { type AwsSecrets, openAwsSecrets } from '../../servers/awsSecrets';

const arn = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:fleet/github-AbCdEf';
const parameterArn = 'arn:aws:ssm:eu-west-1:123456789012:parameter/fleet/github';

describe('a reference', () => {
  test.each([
    ['$GITHUB_TOKEN', { kind: 'variable', name: 'GITHUB_TOKEN' }],
    [`$${'{GITHUB_TOKEN}'}`, { kind: 'variable', name: 'GITHUB_TOKEN' }],
    ['file:/run/secrets/github', { kind: 'file', path: '/run/secrets/github' }],
    ['file:///run/secrets/github', { kind: 'file', path: '/run/secrets/github' }],
    [arn, { kind: 'secrets-manager', arn, region: 'eu-west-1', key: undefined }],
    [`${arn}:token::`, { kind: 'secrets-manager', arn, region: 'eu-west-1', key: 'token' }],
    ['ssm:/fleet/github', { kind: 'parameter', name: '/fleet/github', region: undefined }],
    [parameterArn, { kind: 'parameter', name: parameterArn, region: 'eu-west-1' }],
  ])('%s', (text, expected) => {
    const reference = parseSecretReference(text);
    expect(reference).toEqual(expected);
    // It is shown in a form that means the same.
    expect(reference && parseSecretReference(toReferenceText(reference))).toEqual(expected);
  });

  test.each([
    '',
    '$',
    '$1',
    `$${'{{ secrets.T }}'}`,
    '$A B',
    'file:token',
    'file://host/token',
    'ssm:fleet',
    'arn:aws:s3:::b',
    'x$A',
    '$A\n',
  ])('is not %j', (text) => {
    expect(parseSecretReference(text)).toBeUndefined();
  });
});

describe('a secret', () => {
  let folder: string;
  let server: AwsSecrets;
  beforeAll(async () => {
    server = await openAwsSecrets();
    server.values.set(arn, '{"token":"of a key","number":1}').set('/fleet/github', 'of a parameter');
    folder = await mkdtemp(join(tmpdir(), 'ccm-secret-'));
    await writeFile(join(folder, 'token'), 'of a file\n');
    await writeFile(join(folder, 'empty'), '\n');
    await writeFile(join(folder, 'lines'), 'one\ntwo\n');
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  async function resolve(text: string) {
    const concealed: string[] = [];
    const reference = parseSecretReference(text);
    if (reference === undefined) throw new Error(`no reference: ${text}`);
    const conceal = (secrets: readonly string[]) => void concealed.push(...secrets);
    const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'an-example' };
    const env = { TOKEN: 'of a variable', EMPTY: '', AWS_ENDPOINT_URL: server.url, AWS_REGION: 'eu-west-1' };
    const aws = createAwsSecretReader({ env, config: { credentials, maxAttempts: 1 } });
    const sources = { env, aws, conceal };
    return { secret: await resolveSecret(reference, sources), concealed };
  }

  it('comes from where its reference says, and is concealed', async () => {
    const references = ['$TOKEN', `file:${folder}/token`, `${arn}:token::`, 'ssm:/fleet/github'];
    for (const [index, expected] of ['of a variable', 'of a file', 'of a key', 'of a parameter'].entries()) {
      const { secret, concealed } = await resolve(references[index] ?? '');
      expect(secret).toBe(expected);
      expect(concealed).toContain(expected);
    }
  });

  test.each([
    ['$MISSING', "The secret $MISSING can't be used: it is not there, or cannot be read."],
    ['$EMPTY', "The secret $EMPTY can't be used: it is empty."],
    [
      `${arn}:number::`,
      `The secret ${arn}:number:: can't be used: it is no JSON object with a text under "number".`,
    ],
  ])('that can not be had is told by its reference: %s', async (text, message) => {
    const error = await resolve(text).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(MirrorError);
    expect(error).toMatchObject({ code: 'fleet-secret-unavailable', message });
  });

  it('that is empty or has several lines is refused, without being shown', async () => {
    await expect(resolve(`file:${folder}/empty`)).rejects.toThrow('it is empty');
    const error = await resolve(`file:${folder}/lines`).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'fleet-secret-unavailable' });
    expect(String(error)).not.toContain('two');
  });
});
