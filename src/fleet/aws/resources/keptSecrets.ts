import type { AwsSecretReader } from '../../secrets/resolve';
import type { TextCache } from './secrets';

/** Reads secrets as `reader` does, and keeps them in the cache. */
export function keepSecrets(reader: AwsSecretReader, cache: TextCache): AwsSecretReader {
  return {
    // One secret may hold several values: it is read once.
    readSecret: (reference) => cache.get(reference.arn, () => reader.readSecret(reference)),
    readParameter: (reference) =>
      cache.get(`${reference.region} ${reference.name}`, () => reader.readParameter(reference)),
  };
}
