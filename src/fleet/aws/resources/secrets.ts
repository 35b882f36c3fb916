import { createRequestHandler } from '../../../aws/http';
import type { AwsSecretReader } from '../../secrets/resolve';

/** A secret of AWS Secrets Manager by its ARN, or a parameter of AWS Systems Manager by its name. */
export type SecretPlace =
  | { readonly kind: 'secrets-manager'; readonly arn: string; readonly region: string }
  | { readonly kind: 'parameter'; readonly name: string; readonly region: string };

/** Parses `arn:aws:secretsmanager:…`, `arn:aws:ssm:…:parameter/…` or `ssm:/…`; undefined for everything else. */
export function parseSecretPlace(text: string, region: string): SecretPlace | undefined {
  const [, secretRegion] = /^arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):\d{12}:secret:\S+$/.exec(text) ?? [];
  if (secretRegion !== undefined) return { kind: 'secrets-manager', arn: text, region: secretRegion };
  const [, own] = /^arn:aws[a-z-]*:ssm:([a-z0-9-]+):\d{12}:parameter\/\S+$/.exec(text) ?? [];
  if (own !== undefined) return { kind: 'parameter', name: text, region: own };
  const [, name] = /^ssm:(\/[\w./-]+)$/.exec(text) ?? [];
  return name === undefined ? undefined : { kind: 'parameter', name, region };
}

/** Texts that are kept for five minutes. */
export interface TextCache {
  /** With `fresh`, reads in any case. A failure is not kept. */
  get(key: string, read: () => Promise<string | undefined>, fresh?: boolean): Promise<string | undefined>;
  forget(): void;
}

/** AWS's own caches keep a secret for so long; one that was replaced is noticed by its refusal before that. */
const keepMilliseconds = 300_000;

export function createTextCache(now: () => number): TextCache {
  const kept = new Map<string, { readonly until: number; readonly text: Promise<string | undefined> }>();
  return {
    async get(key, read, fresh = false) {
      const found = kept.get(key);
      if (!fresh && found !== undefined && found.until > now()) return await found.text;
      const text = read();
      kept.set(key, { until: now() + keepMilliseconds, text });
      try {
        return await text;
      } catch (error) {
        kept.delete(key);
        throw error;
      }
    },
    forget: () => kept.clear(),
  };
}

/** Reads secrets as `reader` does, and keeps them in the cache. */
export function keepSecrets(reader: AwsSecretReader, cache: TextCache): AwsSecretReader {
  return {
    // One secret may hold several values: it is read once.
    readSecret: (reference) => cache.get(reference.arn, () => reader.readSecret(reference)),
    readParameter: (reference) =>
      cache.get(`${reference.region} ${reference.name}`, () => reader.readParameter(reference)),
  };
}

/** Reads secrets, and keeps each for a while. */
export interface SecretCache {
  /** `fresh`: not from the cache. Gives undefined for a secret without a text. */
  read(place: SecretPlace, fresh: boolean): Promise<string | undefined>;
}

export function createSecretCache(
  read: (place: SecretPlace) => Promise<string | undefined>,
  now: () => number,
): SecretCache {
  const cache = createTextCache(now);
  return {
    read: async (place, fresh) => await cache.get(JSON.stringify(place), () => read(place), fresh),
  };
}

/** Asks AWS. Throws the error of AWS's client. */
export async function readAwsSecret(place: SecretPlace): Promise<string | undefined> {
  const options = { region: place.region, requestHandler: createRequestHandler() };
  if (place.kind === 'parameter') {
    const { GetParameterCommand, SSMClient } = await import('@aws-sdk/client-ssm');
    const command = new GetParameterCommand({ Name: place.name, WithDecryption: true });
    return (await new SSMClient(options).send(command)).Parameter?.Value;
  }
  const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const command = new GetSecretValueCommand({ SecretId: place.arn });
  return (await new SecretsManagerClient(options).send(command)).SecretString;
}
