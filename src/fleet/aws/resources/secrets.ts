import type { AwsSecretReader } from '../../secrets/resolve';

/** Reads secrets, and keeps each for a while. */
export interface KeptSecrets extends AwsSecretReader {
  /** Makes that each is read again. */
  forget(): void;
}

/** AWS's own caches keep a secret for so long; one that was replaced is noticed by its refusal before that. */
const keepMilliseconds = 300_000;

/** Reads secrets as `reader` does. A failure is not kept. One secret may hold several values: it is read once. */
export function keepSecrets(reader: AwsSecretReader, now: () => number): KeptSecrets {
  const kept = new Map<string, { readonly until: number; readonly text: Promise<string | undefined> }>();
  async function get(key: string, read: () => Promise<string | undefined>): Promise<string | undefined> {
    const found = kept.get(key);
    if (found !== undefined && found.until > now()) return await found.text;
    const text = read();
    kept.set(key, { until: now() + keepMilliseconds, text });
    try {
      return await text;
    } catch (error) {
      kept.delete(key);
      throw error;
    }
  }
  return {
    readSecret: (reference) => get(reference.arn, () => reader.readSecret(reference)),
    readParameter: (reference) =>
      get(`${reference.region} ${reference.name}`, () => reader.readParameter(reference)),
    forget: () => kept.clear(),
  };
}
