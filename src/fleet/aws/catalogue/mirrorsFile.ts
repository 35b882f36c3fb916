import { createRequestHandler } from '../../../aws/http';
import { MirrorError } from '../../../errors';
import { type FleetConfiguration, parseConfiguration } from '../../configuration/configuration';
import { type SecretReference, toReferenceText } from '../../secrets/reference';
import type { AwsSecretReader } from '../../secrets/resolve';
import { callAws } from '../resources/errors';
import type { FilePlace, MirrorsPlace } from './settings';

type File = Extract<MirrorsPlace, { kind: 'file' }>;

/** As long as this what was read counts; a function that starts reads it anyway. */
const keepMilliseconds = 60_000;

/** Reads a mirrors.yaml, and keeps it for a minute. Throws ConfigurationError with every fault, or MirrorError. */
export function openMirrorsFile(
  file: File,
  reader: Pick<AwsSecretReader, 'readParameter'>,
  now: () => number,
): () => Promise<FleetConfiguration> {
  let kept: { readonly until: number; readonly configuration: FleetConfiguration } | undefined;
  return async () => {
    if (kept !== undefined && kept.until > now()) return kept.configuration;
    const text = await readFile(file, reader);
    const configuration = parseConfiguration(text, file.name);
    for (const mirror of configuration.mirrors) requireAwsSecrets(mirror, file.name);
    kept = { until: now() + keepMilliseconds, configuration };
    return configuration;
  };
}

async function readFile(
  { place, name }: File,
  reader: Pick<AwsSecretReader, 'readParameter'>,
): Promise<string> {
  const call = place.kind === 'object' ? 's3:GetObject' : 'ssm:GetParameter';
  const text = await callAws(`${call} on ${name}`, async () =>
    place.kind === 'object' ? await readObject(place) : await reader.readParameter(place),
  );
  if (text === undefined || text.trim() === '') throw emptyFile(name);
  return text;
}

async function readObject({
  bucket,
  key,
}: Extract<FilePlace, { kind: 'object' }>): Promise<string | undefined> {
  const { GetObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
  // Path style: what stands in for S3 in a test has one address for all buckets.
  const client = new S3Client({
    requestHandler: createRequestHandler(),
    followRegionRedirects: true,
    forcePathStyle: true,
  });
  const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return await Body?.transformToString('utf-8');
}

/** A function has no file and no environment variable with a secret. */
function requireAwsSecrets({ name, from, to }: FleetConfiguration['mirrors'][number], file: string): void {
  for (const side of [from, to])
    if ('token' in side && side.token !== undefined && !isAws(side.token))
      throw notInAws(file, name, side.token);
}

function isAws({ kind }: SecretReference): boolean {
  return kind === 'secrets-manager' || kind === 'parameter';
}

const emptyFile = (name: string) =>
  new MirrorError('fleet-aws-settings', {
    message: `${name} is empty.`,
    remedy: 'Write a mirrors.yaml there: codecommit-mirror fleet init asks for what it needs.',
  });

const notInAws = (file: string, mirror: string, reference: SecretReference) =>
  new MirrorError('fleet-aws-settings', {
    message: `${file}: the token of the mirror "${mirror}" is ${toReferenceText(reference)}, which a function of AWS can't read.`,
    remedy:
      'Store the token in Secrets Manager or Systems Manager, and write token: arn:aws:secretsmanager:… or token: ssm:/… in its place.',
  });
