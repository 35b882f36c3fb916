import { toGitEnvironment } from '../git/environment';
import { createGit } from '../git/git';
import type { Context } from '../system/context';
import { createRepository } from './repository';

/** A small bare repository that stands for the one on Bitbucket. */
export interface DemoSource {
  readonly path: string;
  commit(branch: string, message: string): Promise<void>;
  /** Makes an annotated tag. */
  tag(name: string, branch: string): Promise<void>;
  /** Puts another commit in the place of the last one of a branch. */
  rewrite(branch: string): Promise<void>;
  /** Deletes branches. */
  remove(...branches: string[]): Promise<void>;
}

const identity = {
  GIT_AUTHOR_NAME: 'Demo',
  GIT_AUTHOR_EMAIL: 'demo@example.com',
  GIT_COMMITTER_NAME: 'Demo',
  GIT_COMMITTER_EMAIL: 'demo@example.com',
};

/** Makes it below `root`: the branches main, feature and release/1.0, and the tag v1.0. */
export async function createDemoSource(
  root: string,
  { env, signal }: Pick<Context, 'env' | 'signal'>,
): Promise<DemoSource> {
  const path = await createRepository(root, 'app');
  const options = { env: { ...toGitEnvironment(env), ...identity }, signal };
  const git = createGit({ directory: path, env: { ...options.env, GIT_DIR: path }, signal });
  const read = async (args: readonly string[], input?: string) =>
    (await git.read(args, input === undefined ? {} : { input })).trim();

  async function put(branch: string, message: string, parents: readonly string[]): Promise<void> {
    const blob = await read(['hash-object', '-w', '--stdin'], `${message}\n`);
    const tree = await read(['mktree'], `100644 blob ${blob}\tREADME\n`);
    const parentArgs = parents.flatMap((parent) => ['-p', parent]);
    const oid = await read(['commit-tree', tree, ...parentArgs, '-m', message]);
    await read(['update-ref', `refs/heads/${branch}`, oid]);
  }
  const source: DemoSource = {
    path,
    commit: (branch, message) => put(branch, message, [`refs/heads/${branch}`]),
    tag: async (name, branch) =>
      void (await read(['tag', '--annotate', '--message', name, name, `refs/heads/${branch}`])),
    rewrite: (branch) => put(branch, 'The same, written anew', [`refs/heads/${branch}~1`]),
    async remove(...branches) {
      for (const branch of branches) await read(['update-ref', '-d', `refs/heads/${branch}`]);
    },
  };
  await put('main', 'The first commit', []);
  await source.commit('main', 'The second commit');
  await source.tag('v1.0', 'main');
  for (const branch of ['feature', 'release/1.0'])
    await put(branch, `Work on ${branch}`, ['refs/heads/main']);
  return source;
}
