import { toGitEnvironment } from '../../git/environment';
import { createGit } from '../../git/git';
import type { Context } from '../../system/context';
import { createRepository } from '../repository';

/** A small bare repository that stands for the one on Bitbucket. */
export type DemoSource = ReturnType<typeof openDemoSource>;

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
export function openDemoSource(path: string, { env, signal }: Pick<Context, 'env' | 'signal'>) {
  const git = createGit({ directory: path, env: { ...toGitEnvironment(env), GIT_DIR: path }, signal });
  const read = async (args: readonly string[], input?: string) =>
    (await git.read(args, input === undefined ? {} : { input })).trim();

  async function put(branch: string, message: string, parents: readonly string[]): Promise<void> {
    const blob = await read(['hash-object', '-w', '--stdin'], `${message}\n`);
    const tree = await read(['mktree'], `100644 blob ${blob}\tREADME\n`);
    const before = await Promise.all(parents.map((parent) => read(['rev-parse', parent])));
    const lines = before.map((oid) => `parent ${oid}\n`).join('');
    const commit = `tree ${tree}\n${lines}author ${who}\ncommitter ${who}\n\n${message}\n`;
    const oid = await read(['hash-object', '-w', '-t', 'commit', '--stdin'], commit);
    await read(['update-ref', `refs/heads/${branch}`, oid]);
  }
  return {
    path,
    /** Makes a branch, with one commit more than another one has. */
    begin: (branch: string, message: string, from?: string) =>
      put(branch, message, from === undefined ? [] : [`refs/heads/${from}`]),
    commit: (branch: string, message: string) => put(branch, message, [`refs/heads/${branch}`]),
    /** Makes an annotated tag. */
    async tag(name: string, branch: string) {
      const object = await read(['rev-parse', `refs/heads/${branch}`]);
      const text = `object ${object}\ntype commit\ntag ${name}\ntagger ${who}\n\n${name}\n`;
      await read(['update-ref', `refs/tags/${name}`, await read(['mktag'], text)]);
    },
    /** Replaces the last commit of a branch. */
    rewrite: (branch: string) => put(branch, 'The same change, rewritten', [`refs/heads/${branch}~1`]),
    /** Every ref and its value, as text. */
    refs: () => read(['for-each-ref']),
    /** Deletes branches. */
    async remove(...branches: string[]) {
      for (const branch of branches) await read(['update-ref', '-d', `refs/heads/${branch}`]);
    },
  };
}
