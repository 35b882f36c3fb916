import { readRegularFile } from '../../system/regularFile';
import { secretUnavailable } from './errors';
import type { ParameterReference, SecretReference, SecretsManagerReference } from './reference';

/** How the secrets of AWS are read. What it throws is told with the name of the secret, and must not hold its value. */
export interface AwsSecretReader {
  /** The text of the secret (GetSecretValue, SecretString). */
  readSecret(reference: SecretsManagerReference): Promise<string | undefined>;
  /** The decrypted value of the parameter (GetParameter, WithDecryption). */
  readParameter(reference: ParameterReference): Promise<string | undefined>;
}

export interface SecretSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly aws: AwsSecretReader;
  /** Takes the secret in the moment that it is known, so that no log shows it. */
  readonly conceal: (secrets: readonly string[]) => void;
}

/**
 * Reads a secret where its reference says, without the line break at its end. It is read again for each use, so that a
 * new token needs no restart. Throws MirrorError `fleet-secret-unavailable`, which names the reference alone.
 */
export async function resolveSecret(reference: SecretReference, sources: SecretSources): Promise<string> {
  const text = await readText(reference, sources);
  if (text === undefined) throw secretUnavailable(reference, 'it is not there, or cannot be read');
  const secret = text.replace(/[\r\n]+$/, '');
  if (secret.trim() === '') throw secretUnavailable(reference, 'it is empty');
  sources.conceal([secret]);
  if (/[\r\n\0]/.test(secret)) throw secretUnavailable(reference, 'it has more than one line');
  return secret;
}

async function readText(
  reference: SecretReference,
  { env, aws, conceal }: SecretSources,
): Promise<string | undefined> {
  switch (reference.kind) {
    case 'variable':
      return env[reference.name];
    case 'file':
      return await readRegularFile(reference.path);
    case 'secrets-manager':
      return pickKey(reference, await callAws(reference, () => aws.readSecret(reference)), conceal);
    case 'parameter':
      return await callAws(reference, () => aws.readParameter(reference));
  }
}

async function callAws<T>(reference: SecretReference, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw secretUnavailable(reference, toErrorName(error), error);
  }
}

/** Names alone, such as AccessDeniedException: what a service writes besides may repeat what it was given. */
function toErrorName(error: unknown): string {
  return `AWS answered ${error instanceof Error ? error.name : 'with an unknown error'}`;
}

function pickKey(
  reference: SecretsManagerReference,
  text: string | undefined,
  conceal: SecretSources['conceal'],
): string | undefined {
  if (reference.key === undefined || text === undefined) return text;
  conceal([text]);
  const value = parseObject(text)?.[reference.key];
  if (typeof value === 'string') return value;
  throw secretUnavailable(reference, `it is no JSON object with a text under "${reference.key}"`);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
