import { mkdir, open, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ConfigSections, toConfigText } from '../git/config';
import { toGitEnvironment, toUsersGitEnvironment } from '../git/environment';
import { createGit, type Git } from '../git/git';
import { type Refs, readCommits, selectHere, selectMissing } from '../git/objects';
import type { RefMap } from '../plan/refs';
import type { Context } from '../system/context';
import { readRegularFile } from '../system/regularFile';
import { toShellWord } from '../system/shellWord';
import { openTemporaryFolder } from '../system/temporaryFolder';
import type { Clone } from './clone';
import { readCloneTips } from './cloneTips';

/**
 * A bare repository of our own in a temporary folder. It borrows the clone's objects and leaves the clone as it
 * is; everything that is fetched lands here, and everything that is pushed leaves from here.
 */
export interface Scratch extends AsyncDisposable {
  readonly git: Git;
  /** The same repository for commands that talk to the source: there its user's own configuration of git may count. */
  readonly sourceGit: Git;
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

/** How the source is reached: what git can't learn from its URL. */
export interface SourceAccess {
  /** `http://host:port` */
  readonly proxy: string | undefined;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  /** Whether git's configuration of the user and of this machine counts, as it does for `git ls-remote`. */
  readonly usersGit: boolean;
}

/** Opens the scratch repository. Its folder, 0700, is gone when it is disposed of. */
export async function openScratch(
  clone: Clone | undefined,
  access: SourceAccess & { readonly url: string },
  context: Context,
): Promise<Scratch> {
  const folder = await openTemporaryFolder(context);
  try {
    await writeRepository(folder.path, clone);
    await writeConfiguration(folder.path, access);
  } catch (error) {
    await folder[Symbol.asyncDispose]();
    throw error;
  }
  const env = { ...toGitEnvironment(context.env), GIT_DIR: folder.path };
  const git = createGit({ directory: folder.path, env, signal: context.signal });
  const users = { ...toUsersGitEnvironment(context.env), GIT_DIR: folder.path };
  return {
    git,
    sourceGit: access.usersGit
      ? createGit({ directory: folder.path, env: users, signal: context.signal })
      : git,
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
  protocol: { version: '2' },
  'protocol "ext"': { allow: 'never' },
};

/** A password goes into a file of git-credential-store(1)'s form, never into a URL, an argument or git's configuration. */
async function writeConfiguration(folder: string, access: SourceAccess & { readonly url: string }) {
  const helpers: string[] = [];
  if (access.credentials !== undefined) {
    const url = new URL(access.url);
    url.username = encodeURIComponent(access.credentials.username);
    url.password = encodeURIComponent(access.credentials.password);
    const store = join(folder, 'credentials');
    await writeFile(store, `${url.href}\n`, { mode: 0o600 });
    // The empty one switches off those of the user: what the URL carries comes first.
    helpers.push('', `store --file=${toShellWord(store)}`);
  }
  const http = { lowSpeedLimit: '1', lowSpeedTime: '60' };
  const sections = { ...configuration, http, ...toSourceSections(access.url, access.proxy, helpers) };
  await writeFile(join(folder, 'config'), toConfigText(sections), { mode: 0o600 });
}

/**
 * For the source's host alone: over HTTPS, its proxy and helpers are no business of the destination. Not for its path
 * alone: the objects of Git LFS have another one.
 */
function toSourceSections(
  url: string,
  proxy: string | undefined,
  helpers: readonly string[],
): ConfigSections {
  const [host] = /^https?:\/\/[^/]+/.exec(url) ?? [];
  if (host === undefined) return {};
  return {
    ...(proxy === undefined ? {} : { [`http "${host}/"`]: { proxy } }),
    [`credential "${host}"`]: { helper: helpers },
  };
}

async function offerTips(git: Git, clone: Clone | undefined): Promise<void> {
  if (clone === undefined) return;
  await using file = await open(join(git.directory, tipsFile), 'w');
  for await (const oids of selectHere(git, readCloneTips(clone)))
    await file.write(oids.map((oid) => `${oid}\n`).join(''));
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
