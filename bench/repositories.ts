import { gitWith, run } from '../test/servers/git';

export interface Shape {
  readonly branches: number;
  readonly tags: number;
  /** Commits of the default branch. */
  readonly commits: number;
  /** Bytes of the one file that each commit changes; they do not compress. */
  readonly bytes: number;
}

/** A generator of numbers below 2^31 that gives the same ones each time (Park and Miller's). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state;
  };
}

/** Fills a bare repository with a history of that shape, the same one each time, and packs it. */
export async function fill(repository: string, shape: Shape): Promise<void> {
  const random = createRandom(7);
  await gitWith(
    { input: [...toCommits(shape, random), ...toRefs(shape)].join('') },
    repository,
    'fast-import',
    '--quiet',
  );
  await gitWith({}, repository, 'repack', '-adq');
  await gitWith({}, repository, 'pack-refs', '--all');
}

function* toCommits({ commits, bytes }: Shape, random: () => number): Generator<string> {
  for (let number = 1; number <= commits; number++) {
    yield toCommit(
      'refs/heads/main',
      number,
      toText(bytes, random),
      number === 1 ? '' : `from :${number - 1}\n`,
    );
  }
}

function toCommit(ref: string, mark: number, text: string, from: string): string {
  const who = `committer Ada <ada@example.com> ${1_700_000_000 + mark} +0000`;
  const file = `d${mark % 40}/f${mark % 997}`;
  return `commit ${ref}\nmark :${mark}\n${who}\ndata 1\nx\n${from}M 100644 inline ${file}\ndata ${text.length}\n${text}\n`;
}

function toText(bytes: number, random: () => number): string {
  let text = '';
  while (text.length < bytes) text += random().toString(36);
  return text.slice(0, bytes);
}

/** Branches and tags at commits of the default branch, spread over its history. */
function* toRefs({ branches, tags, commits }: Shape): Generator<string> {
  for (let number = 1; number < branches; number++)
    yield `reset refs/heads/b/${number}\nfrom :${1 + (number % commits)}\n\n`;
  for (let number = 0; number < tags; number++)
    yield `reset refs/tags/v${number}\nfrom :${1 + (number % commits)}\n\n`;
}

/** Adds a commit to each of these branches. */
export async function advance(repository: string, branches: readonly string[]): Promise<void> {
  const commits = branches.map((branch, index) => {
    const who = `committer Ada <ada@example.com> ${1_800_000_000 + index} +0000`;
    const from = `from refs/heads/${branch}^0\n`;
    return `commit refs/heads/${branch}\n${who}\ndata 1\ny\n${from}M 100644 inline new\ndata 12\nnew ${branch.slice(0, 7).padEnd(8)}\n`;
  });
  await gitWith({ input: commits.join('') }, repository, 'fast-import', '--quiet');
}

/** Makes `to` a copy of the repository `from`, in place of what was there. */
export async function copy(from: string, to: string): Promise<void> {
  await run('rm', '/', ['-rf', to]);
  const ended = await run('cp', '/', ['-a', '--reflink=auto', from, to]);
  if (ended.exitCode !== 0) throw new Error(ended.stderr);
}
