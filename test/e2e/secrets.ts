import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** A secret with all the forms in which it would be one still. */
export interface Secret {
  readonly name: string;
  readonly forms: readonly string[];
}

/** A key, whole, as base64, and each line of its body: a line alone is still a piece of the key. */
export function toKeySecret(name: string, pem: string): Secret {
  const body = pem.split('\n').filter((line) => line.length >= 40 && !line.startsWith('-----'));
  const base64 = Buffer.from(pem).toString('base64');
  // Of the base64 a piece from the middle: a shortened one is still most of the key.
  return { name, forms: [...body, base64.slice(200, 280)] };
}

/** A password or token, as it is, as it stands in a URL, and as base64. */
export function toTextSecret(name: string, text: string): Secret {
  return { name, forms: [text, encodeURIComponent(text), Buffer.from(text).toString('base64')] };
}

/** The names of the secrets that a text has. */
export function findSecretsIn(text: string, secrets: readonly Secret[]): string[] {
  return secrets.filter(({ forms }) => forms.some((form) => text.includes(form))).map(({ name }) => name);
}

/** The files below a folder that hold a secret: `<path>: <secret>`, with the file's rights where it is not 0600. */
export async function findSecretsBelow(root: string, secrets: readonly Secret[]): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true });
  const found: string[] = [];
  for (const entry of entries.filter((each) => each.isFile())) {
    const file = join(entry.parentPath, entry.name);
    // What a run removes meanwhile is gone, and that is well.
    const names = findSecretsIn(await readFile(file, 'latin1').catch(() => ''), secrets);
    if (names.length === 0) continue;
    const mode = ((await stat(file)).mode & 0o777).toString(8);
    found.push(...names.map((name) => `${relative(root, file)}${mode === '600' ? '' : ` ${mode}`}: ${name}`));
  }
  return found.sort();
}
