import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConfigSections, toConfigText } from '../git/config';
import { toGitEnvironment } from '../git/environment';
import { createGit, type Git } from '../git/git';
import { type Refs, readCommits, selectHere, selectMissing } from '../git/objects';
import type { RefMap } from '../plan/refs';
import type { Context } from '../system/context';
import { readRegularFile } from '../system/regularFile';
import { openTemporaryFolder } from '../system/temporaryFolder';
import type { Clone } from './clone';
import { readCloneTips } from './cloneTips';

/**
 * A bare repository of our own in a temporary folder. It borrows the clone's objects and leaves the clone as it
 * is; everything that is fetched lands here, and everything that is pushed leaves from here.
 */
export interface Scratch extends AsyncDisposable {
  readonly git: Git;
  /** Commits at which the history in here is cut off now: a fetch may have completed it. */
  readShallow(): Promise<ReadonlySet<string>>;
  /** Which of these refs point at an object that is not here. */
  selectMissing(refs: Refs): Promise<RefMap>;
  /** The commit that each of these refs points at or leads to, where there is one. */
  readCommits(refs: Refs): Promise<RefMap>;
  /** Lets the fetches that follow leave out what the refs of the clone reach. */
  offerTips(): Promise<void>;
  /** Bytes of the packs in here and in the clone. */
  readPackBytes(): Promise<number>;
}

/** Opens the scratch repository. Its folder, 0700, is gone when it is disposed of. */
export async function openScratch(clone: Clone | undefined, context: Context): Promise<Scratch> {
  const folder = await openTemporaryFolder(context);
  try {
    await writeRepository(folder.path, clone);
    await writeFile(join(folder.path, 'config'), toConfigText(configuration), { mode: 0o600 });
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
  const env = { ...toGitEnvironment(context.env), GIT_DIR: folder.path };
  const git = createGit({ directory: folder.path, env, signal: context.signal });
  return {
    git,
    readShallow: async () => toLineSet((await readRegularFile(join(folder.path, 'shallow'))) ?? ''),
    selectMissing: (refs) => selectMissing(git, refs),
    readCommits: (refs) => readCommits(git, refs),
    offerTips: () => offerTips(git, clone),
    readPackBytes: () => readPackBytes([join(folder.path, 'objects'), ...(clone ? [clone.objects] : [])]),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

function toLineSet(text: string): ReadonlySet<string> {
  return new Set(text.split('\n').filter((line) => line !== ''));
}

/** The tips of the clone that are here, one a line: what fetches tell the other side that we have. */
const tipsFile = 'clone-tips';

/** The least that git takes for a repository (gitrepository-layout(5)); `git init` would copy its hook templates. */
async function writeRepository(folder: string, clone: Clone | undefined) {
  await mkdir(join(folder, 'objects', 'info'), { recursive: true });
  await mkdir(join(folder, 'refs'));
  await writeFile(join(folder, 'HEAD'), 'ref: refs/heads/main\n');
  if (clone === undefined) return;
  await writeFile(join(folder, tipsFile), '');
  // The objects' path stands quoted: an unquoted one ends at a newline, and `#` at its start makes a comment.
  await writeFile(join(folder, 'objects', 'info', 'alternates'), `${JSON.stringify(clone.objects)}\n`);
  if (clone.shallow !== '') await writeFile(join(folder, 'shallow'), clone.shallow);
}

const configuration: ConfigSections = {
  core: {
    repositoryFormatVersion: '0',
    bare: 'true',
    hooksPath: '/dev/null',
    fsmonitor: 'false',
    // Those of the clone could say what its commits don't: that one has another among its ancestors.
    commitGraph: 'false',
    multiPackIndex: 'false',
    // Without it, a fetch starts `git for-each-ref` in the clone. Only what is in every shell is used.
    alternateRefsCommand: `while read -r oid; do echo "$oid"; done <${tipsFile}; :`,
  },
  // Housekeeping in the background would race the removal of the folder.
  gc: { auto: '0' },
  maintenance: { auto: 'false' },
  // Unpacking a small fetch, git would renew the date of the clone's packs that have the same objects.
  fetch: { unpackLimit: '1' },
  // A server that falls silent; a remote may have a limit of its own.
  http: { lowSpeedLimit: '1', lowSpeedTime: '60' },
  protocol: { version: '2' },
  'protocol "ext"': { allow: 'never' },
};

async function offerTips(git: Git, clone: Clone | undefined): Promise<void> {
  if (clone === undefined) return;
  const here = await selectHere(git, await readCloneTips(clone));
  await writeFile(join(git.directory, tipsFile), here.map((oid) => `${oid}\n`).join(''));
}

async function readPackBytes(folders: readonly string[]): Promise<number> {
  const packs = folders.map((folder) => join(folder, 'pack'));
  const files = await Promise.all(
    packs.map(async (pack) => (await readdir(pack).catch(() => [])).map((name) => join(pack, name))),
  );
  const sizes = await Promise.all(files.flat().map(readSize));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Bytes; none of a pack that housekeeping in the clone has removed meanwhile. */
async function readSize(file: string): Promise<number> {
  return (await stat(file).catch(() => undefined))?.size ?? 0;
}
