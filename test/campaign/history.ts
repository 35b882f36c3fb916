import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitWith } from '../servers/git';
import type { Random } from './random';

/** Full ref name → object ID. */
export type Refs = Readonly<Record<string, string>>;

/** Full ref name → mark of fast-import. */
type Marks = Map<string, number>;

/** A history as fast-import reads it, and the refs that a repository has at one time after the other. */
export interface History {
  readonly stream: string;
  readonly states: readonly ReadonlyMap<string, number>[];
}

const branchNames = [
  'main',
  'develop',
  'feature/one',
  'feature/two',
  'release/1.0',
  'release/2.0',
  'Main',
  'topic',
  'topic/deep',
  'größe/ß',
  "it's-a;branch",
  '$(id)',
  'refs/heads/twice',
];
const tagNames = ['v1.0', 'v1.1', 'v2.0', 'main', 'nightly', 'release/1.0', 'deep/er/tag'];

/** Writes commits and tags in fast-import's language, each with a mark of its own and no content twice. */
class Stream {
  readonly #random: Random;
  readonly #parents = new Map<number, readonly number[]>();
  #text = '';
  #mark = 0;
  /** Characters of the file that a commit adds. */
  fileLength = 40;

  constructor(random: Random) {
    this.#random = random;
  }

  get text(): string {
    return this.#text;
  }

  commit(...parents: readonly number[]): number {
    const mark = ++this.#mark;
    this.#parents.set(mark, parents);
    const who = `committer Ada <ada@example.com> ${1_700_000_000 + mark * 60} +0000`;
    const [from, ...merged] = parents.map((parent) => `:${parent}\n`);
    const lines = `${from === undefined ? '' : `from ${from}`}${merged.map((parent) => `merge ${parent}`).join('')}`;
    const file = this.#random.text(this.fileLength);
    this.#text +=
      `reset refs/heads/campaign\n\ncommit refs/heads/campaign\nmark :${mark}\n${who}\ndata 1\nx\n${lines}` +
      `M 100644 inline file-${mark}\ndata ${file.length}\n${file}\n`;
    return mark;
  }

  tag(target: number): number {
    const mark = ++this.#mark;
    this.#text +=
      `tag campaign-${mark}\nmark :${mark}\nfrom :${target}\n` +
      `tagger Ada <ada@example.com> ${1_700_000_000 + mark * 60} +0000\ndata 1\nx\n`;
    return mark;
  }

  /** A commit's first parent; its own where it has none. */
  parent(mark: number): number {
    return this.#parents.get(mark)?.[0] ?? mark;
  }
}

/** A random history: branches, merges, rewrites, deletions, tags that are made, moved and deleted. */
export function createHistory(random: Random, states: number, isBig: boolean): History {
  const stream = new Stream(random);
  const refs: Marks = new Map([['refs/heads/main', stream.commit()]]);
  if (isBig) growBig(refs, stream, random);
  const seen: ReadonlyMap<string, number>[] = [];
  for (let state = 0; state < states; state++) {
    const changes = state === 0 ? random.whole(4, 14) : random.whole(1, 5);
    for (let change = 0; change < changes; change++) changeOnce(refs, stream, random);
    seen.push(new Map(refs));
  }
  return { stream: stream.text, states: seen };
}

/** More than a mebibyte on one branch: with PUSH_SIZE 1 it goes in slices. */
function growBig(refs: Marks, stream: Stream, random: Random): void {
  stream.fileLength = 40_000;
  grow(refs, 'refs/heads/main', random.whole(35, 60), stream);
  stream.fileLength = 40;
}

function changeOnce(refs: Marks, stream: Stream, random: Random): void {
  const branches = [...refs.keys()].filter((ref) => ref.startsWith('refs/heads/'));
  const tags = [...refs.keys()].filter((ref) => ref.startsWith('refs/tags/'));
  const branch = random.pick(branches);
  const tip = refs.get(branch) ?? 0;
  const kind = random.whole(1, 100);
  if (kind <= 35) grow(refs, branch, random.whole(1, 4), stream);
  else if (kind <= 55) create(refs, `refs/heads/${random.pick(branchNames)}`, stream.commit(tip));
  else if (kind <= 65) refs.set(branch, stream.commit(tip, refs.get(random.pick(branches)) ?? 0));
  else if (kind <= 73) rewrite(refs, branch, stream);
  else if (kind <= 81 && branches.length > 1) refs.delete(branch);
  else if (kind <= 96) {
    const target = random.chance(60) ? stream.commit(tip) : tip;
    const name = `refs/tags/${random.pick(tagNames)}`;
    // A tag's value never comes back, so that a value tells its time: a tag on an old commit is annotated.
    create(refs, name, target === tip || random.chance(50) ? stream.tag(target) : target, true);
  } else if (tags.length > 0) refs.delete(random.pick(tags));
}

function grow(refs: Marks, branch: string, commits: number, stream: Stream): void {
  for (let count = 0; count < commits; count++)
    refs.set(branch, stream.commit(...[refs.get(branch)].filter((mark) => mark !== undefined)));
}

function rewrite(refs: Marks, branch: string, stream: Stream): void {
  const tip = refs.get(branch) ?? 0;
  refs.set(branch, stream.commit(stream.parent(tip)));
}

/** A name that is there, or that git's files can't have beside one that is there, is passed over unless it may move. */
function create(refs: Marks, ref: string, mark: number, mayMove = false): void {
  if (refs.has(ref) ? !mayMove : isBlocked(ref, refs.keys())) return;
  refs.set(ref, mark);
}

/** Whether one of these names is a folder of this one, or stands below it. */
export function isBlocked(ref: string, present: Iterable<string>): boolean {
  return [...present].some((name) => name.startsWith(`${ref}/`) || ref.startsWith(`${name}/`));
}

/** Writes the objects of a history into a repository, no ref; gives the ref maps of its states. */
export async function writeHistory(repository: string, { stream, states }: History): Promise<Refs[]> {
  const file = join(repository, 'marks');
  await gitWith({ input: stream }, repository, 'fast-import', '--quiet', '--force', `--export-marks=${file}`);
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  const oids = new Map(lines.map((line) => [Number(line.slice(1, line.indexOf(' '))), line.slice(-40)]));
  await gitWith({ input: 'delete refs/heads/campaign\n' }, repository, 'update-ref', '--stdin');
  const tags = [...stream.matchAll(/^tag (campaign-\d+)$/gm)].map(([, name]) => `delete refs/tags/${name}\n`);
  await gitWith({ input: tags.join('') }, repository, 'update-ref', '--stdin');
  return states.map((state) =>
    Object.fromEntries([...state].map(([ref, mark]) => [ref, oids.get(mark) ?? ''])),
  );
}
