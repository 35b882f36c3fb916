import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Run, runProgram } from '../../e2e/world';
import { openFolder } from '../../servers/folder';
import { grow } from '../../servers/git';
import { type HostPair, openHostPair } from '../../servers/hostPair';

export const sourceToken = 'token-of-the-source-0123456789';
export const destinationToken = 'token-of-the-destination-0123';

/** A GitHub with the organisation acme, an empty group `mirror` on a GitLab, and a machine between them. */
export interface FleetHosts extends HostPair {
  readonly root: string;
  /** Makes a repository of acme with some branches; gives its path on disk. */
  add(name: string, ...branches: readonly string[]): Promise<string>;
  /** Where the mirror of this name is on disk; undefined where there is none. */
  mirrorOf(name: string): Promise<string | undefined>;
  /** Runs `codecommit-mirror fleet …` in the folder of mirrors.yaml. */
  fleet(...args: readonly string[]): Promise<Run>;
  /** Writes mirrors.yaml; `more` are lines below the one mirror, indented as they are. */
  configure(more?: string): Promise<void>;
  /** Writes mirrors.yaml anew, with these repositories left out. */
  exclude(...names: readonly string[]): Promise<void>;
}

export async function openFleetHosts(): Promise<FleetHosts> {
  const folder = await openFolder();
  const root = folder.path;
  for (const name of ['work', 'tmp', 'home']) await mkdir(join(root, name));
  const pair = await openHostPair(root, { source: sourceToken, destination: destinationToken });
  const { github, gitlab } = pair;
  const work = join(root, 'work');
  const env = {
    HOME: join(root, 'home'),
    TMPDIR: join(root, 'tmp'),
    GITHUB_TOKEN: sourceToken,
    GITLAB_TOKEN: destinationToken,
  };
  async function configure(more = '', from = ''): Promise<void> {
    const lines = [
      'mirrors:',
      '  - name: acme',
      `    from: { host: github, url: '${github.url}', owner: acme, token: $GITHUB_TOKEN${from} }`,
      `    to: { host: gitlab, url: '${gitlab.url}', group: mirror, token: $GITLAB_TOKEN }`,
      '    prune: true',
      more,
    ];
    await writeFile(join(work, 'mirrors.yaml'), `${lines.join('\n')}\n`);
  }
  await configure();
  return {
    github,
    gitlab,
    root,
    configure: (more) => configure(more),
    exclude: (...names) => configure('', `, exclude: [${names.join(', ')}]`),
    async add(name, ...branches) {
      const path = await github.repositories.path(github.repositories.add({ owner: 'acme', name }));
      for (const branch of branches) await grow(path, branch, { count: 2 });
      return path;
    },
    async mirrorOf(name) {
      const found = gitlab.repositories.find('mirror', name);
      return found && (await gitlab.repositories.path(found));
    },
    fleet: (...args) => runProgram('cli', ['fleet', ...args], work, env),
    async [Symbol.asyncDispose]() {
      await pair[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
