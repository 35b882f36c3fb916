import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { git, gitWith, readRefs } from '../servers/git';
import type { Refs } from './history';

/** One change of one ref at the destination; `undefined` is no value. */
export interface Transition {
  readonly by: 'pipe' | 'somebody';
  readonly ref: string;
  readonly old: string | undefined;
  readonly new: string | undefined;
}

/** Every change at the destination in the order that it was made. */
export interface Journal {
  /** Gives what has happened since the last call. The server must be at rest. */
  read(): Promise<Transition[]>;
  /** Changes refs as somebody else who may write to the destination. Gives false when git refused. */
  change(values: Refs, deleted?: readonly string[]): Promise<boolean>;
}

/** git runs it in each of its transactions on refs (githooks(5), "reference-transaction"). */
const toHook = (file: string) => `#!/bin/sh
[ "$1" = committed ] || exit 0
while read -r old new ref; do echo "\${CAMPAIGN_WRITER:-pipe} $new $ref"; done >> '${file}'
`;

/** Keeps a journal of a repository by a hook in the folder that its server takes hooks from. */
export async function openJournal(repository: string, hooks: string): Promise<Journal> {
  const file = join(repository, 'journal');
  await writeFile(file, '');
  await writeFile(join(hooks, 'reference-transaction'), toHook(file), { mode: 0o755 });
  let known: Refs = await readRefs(repository);
  let linesRead = 0;
  return {
    async read() {
      const lines = (await readFile(file, 'utf8')).split('\n').slice(linesRead, -1);
      linesRead += lines.length;
      const refs = new Map(Object.entries(known));
      const transitions = lines.flatMap((line) => apply(line, refs));
      // git was ended between a change and its hook: the server died, and only we and it write then.
      const now = await readRefs(repository);
      const unheard = [...new Set([...refs.keys(), ...Object.keys(now)])].flatMap((ref) =>
        apply(`pipe ${now[ref] ?? '0'} ${ref}`, refs),
      );
      known = now;
      return [...transitions, ...unheard];
    },
    async change(values, deleted = []) {
      const commands = [
        ...deleted.map((ref) => `delete ${ref}\n`),
        ...Object.entries(values).map(([ref, oid]) => `update ${ref} ${oid}\n`),
      ];
      const options = { input: commands.join(''), env: { CAMPAIGN_WRITER: 'somebody' } };
      const update = ['-c', `core.hooksPath=${hooks}`, 'update-ref', '--stdin'];
      return await gitWith(options, repository, ...update).then(
        () => true,
        () => false,
      );
    },
  };
}

/** A line tells of no change when git has told of it before: a packed ref is deleted in two steps. */
function apply(line: string, refs: Map<string, string>): Transition[] {
  const [by, value = '', ...words] = line.split(' ');
  const ref = words.join(' ');
  const old = refs.get(ref);
  const next = /^0+$/.test(value) ? undefined : value;
  if (next === old || !ref.startsWith('refs/')) return [];
  if (next === undefined) refs.delete(ref);
  else refs.set(ref, next);
  return [{ by: by === 'somebody' ? 'somebody' : 'pipe', ref, old, new: next }];
}

/** What a repository's default branch is, there or not. */
export function readHead(repository: string): Promise<string> {
  return git(repository, 'symbolic-ref', 'HEAD');
}
