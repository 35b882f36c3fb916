import { toGitEnvironment } from '../../git/environment';
import { createGit } from '../../git/git';
import type { Context } from '../../system/context';
import { createRepository } from '../repository';

/** A small bare repository that stands for the one on Bitbucket. */
export interface DemoSource {
  readonly path: string;
  /** Makes a branch, with one commit more than another one has. */
  begin(branch: string, message: string, from?: string): Promise<void>;
  commit(branch: string, message: string): Promise<void>;
  /** Makes an annotated tag. */
  tag(name: string, branch: string): Promise<void>;
  /** Replaces the last commit of a branch. */
  rewrite(branch: string): Promise<void>;
  /** Every ref and its value, as text. */
  refs(): Promise<string>;
  /** Deletes branches. */
  remove(...branches: string[]): Promise<void>;
}

/** A fixed time, so that the object IDs are always the same, as in the documentation. */
const who = 'Demo <demo@example.com> 1767225600 +0000';

/** Creates it below `root`: the branches main, feature and release/1.0, and the tag v1.0. */
export async function createDemoSource(
  root: string,
  context: Pick<Context, 'env' | 'signal'>,
): Promise<DemoSource> {
  const source = openDemoSource(await createRepository(root, 'app'), context);
  await source.begin('main', 'The first commit');
  await source.commit('main', 'The second commit');
  await source.tag('v1.0', 'main');
  for (const branch of ['feature', 'release/1.0']) await source.begin(branch, `Work on ${branch}`, 'main');
  return source;
}

/** A repository that is there. */
export function openDemoSource(path: string, { env, signal }: Pick<Context, 'env' | 'signal'>): DemoSource {
  const git = createGit({ directory: path, env: { ...toGitEnvironment(env), GIT_DIR: path }, signal });
  const read = async (args: readonly string[], input?: string) =>
    (await git.read(args, input === undefined ? {} : { input })).trim();

  async function put(branch: string, message: string, parents: readonly string[]): Promise<void> {
    const blob = await read(['hash-object', '-w', '--stdin'], `${message}\n`);
    const tree = await read(['mktree'], `100644 blob ${blob}\tREADME\n`);
    const before = await Promise.all(parents.map((parent) => read(['rev-parse', parent])));
    const lines = [
      `tree ${tree}`,
      ...before.map((oid) => `parent ${oid}`),
      `author ${who}`,
      `committer ${who}`,
    ];
    const commit = `${lines.join('\n')}\n\n${message}\n`;
    const oid = await read(['hash-object', '-w', '-t', 'commit', '--stdin'], commit);
    await read(['update-ref', `refs/heads/${branch}`, oid]);
  }
  return {
    path,
    begin: (branch, message, from) => put(branch, message, from === undefined ? [] : [`refs/heads/${from}`]),
    commit: (branch, message) => put(branch, message, [`refs/heads/${branch}`]),
    async tag(name, branch) {
      const object = await read(['rev-parse', `refs/heads/${branch}`]);
      const text = `object ${object}\ntype commit\ntag ${name}\ntagger ${who}\n\n${name}\n`;
      await read(['update-ref', `refs/tags/${name}`, await read(['mktag'], text)]);
    },
    rewrite: (branch) => put(branch, 'The same change, rewritten', [`refs/heads/${branch}~1`]),
    refs: () => read(['for-each-ref']),
    async remove(...branches) {
      for (const branch of branches) await read(['update-ref', '-d', `refs/heads/${branch}`]);
    },
  };
}
