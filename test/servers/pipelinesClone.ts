import { randomUUID } from 'node:crypto';
import type { Bitbucket } from './bitbucket';
import { git, run } from './git';
import { copyPrepared, readState } from './prepared';

/** What started the pipeline, and so what Pipelines clones and which variables it sets. */
export type PipelinesRun =
  | { readonly kind: 'branch' | 'full'; readonly branch?: string }
  | { readonly kind: 'tag'; readonly tag: string }
  | {
      readonly kind: 'pull-request';
      /** The source branch. */
      readonly branch: string;
      /** The destination branch; main unless said. */
      readonly destination?: string;
      readonly id?: number;
    };

export type PipelinesCloneOptions = PipelinesRun & {
  readonly bitbucket: Bitbucket;
  readonly name: string;
  /** Where the clone is made: a folder that does not exist, or an empty one. */
  readonly into: string;
  /** Commits from the tip; 50 unless said, `full` for all history and all branches (`kind: 'full'` is that too). */
  readonly depth?: number | 'full';
  /** The commit that the run was started for, within the clone's depth; the tip unless said. */
  readonly commit?: string;
  /** Copies an equal clone that was made before in this test run, should there be one, and asks the proxy nothing. */
  readonly reuse?: boolean;
};

export interface PipelinesClone {
  readonly dir: string;
  /** BITBUCKET_*, CI and PIPELINES_JWT_TOKEN of such a run; nothing else. */
  readonly env: Record<string, string>;
}

/**
 * The build set-up of a pipeline's log, in its order and words. Two lines differ: the proxy stands in the environment
 * (Pipelines clones over https), and a pull request's destination is fetched where the clone's depth left it out.
 */
const setUp = `
umask 000
GIT_LFS_SKIP_SMUDGE=1 git clone --quiet --branch="$CLONED_REF" $DEPTH "$CLONE_URL" "$BUILD_DIR"
cd "$BUILD_DIR"
git reset --quiet --hard "$COMMIT"
git config user.name bitbucket-pipelines
git config user.email commits-noreply@bitbucket.org
git config push.default current
if [ -n "$PR_DESTINATION_COMMIT" ]; then
  git cat-file -e "$PR_DESTINATION_COMMIT" 2>/dev/null ||
    git fetch --quiet $DEPTH "$CLONE_URL" "refs/heads/$PR_DESTINATION_BRANCH"
  git merge --quiet "$PR_DESTINATION_COMMIT" --no-edit
fi
git config "http.\${HTTP_ORIGIN}.proxy" http://localhost:29418/
git remote set-url origin "$HTTP_ORIGIN"
git reflog expire --expire=all --all
echo ".bitbucket/pipelines/generated" >> .git/info/exclude
chmod 777 "$BUILD_DIR"
`;

/**
 * Makes a clone as Pipelines does, through the proxy. Throws when a command fails.
 * The clone's own proxy setting names port 29418 of localhost, as it does there: inside a pipe nothing answers on it.
 */
export async function clonePipelines(options: PipelinesCloneOptions): Promise<PipelinesClone> {
  const { bitbucket, name, into, reuse, ...run } = options;
  const started = await readStart(options);
  const make = (folder: string) => runSetUp(options, started, folder);
  if (reuse === true) {
    const source = await readState(bitbucket.path(name));
    await copyPrepared(['clone', source, bitbucket.url(name), run], into, make);
  } else await make(into);
  return { dir: into, env: toEnvironment(options, started) };
}

async function runSetUp(options: PipelinesCloneOptions, started: Started, folder: string): Promise<void> {
  const { bitbucket, name } = options;
  const origin = bitbucket.url(name);
  const ended = await run('sh', '/', ['-ec', setUp], {
    env: {
      http_proxy: bitbucket.proxy,
      BUILD_DIR: folder,
      CLONE_URL: `${origin.replace('//', '//x-token-auth:clone-token@')}.git`,
      CLONED_REF: options.kind === 'tag' ? options.tag : (options.branch ?? 'main'),
      COMMIT: started.commit,
      DEPTH: toDepthOption(options),
      HTTP_ORIGIN: origin,
      PR_DESTINATION_BRANCH: options.kind === 'pull-request' ? (options.destination ?? 'main') : '',
      PR_DESTINATION_COMMIT: started.destinationCommit ?? '',
    },
  });
  if (ended.exitCode !== 0) throw new Error(`the clone of ${origin} failed:\n${ended.stderr}`);
}

interface Started {
  /** 40 hex digits. */
  readonly commit: string;
  readonly destinationCommit: string | undefined;
}

/** Asks the repository itself, as Bitbucket does when it starts a pipeline: no request is counted for it. */
async function readStart(options: PipelinesCloneOptions): Promise<Started> {
  const repository = options.bitbucket.path(options.name);
  const ref = options.kind === 'tag' ? `refs/tags/${options.tag}` : `refs/heads/${options.branch ?? 'main'}`;
  const commit = await git(repository, 'rev-parse', `${options.commit ?? ref}^{commit}`);
  if (options.kind !== 'pull-request') return { commit, destinationCommit: undefined };
  const destination = `refs/heads/${options.destination ?? 'main'}`;
  return { commit, destinationCommit: await git(repository, 'rev-parse', destination) };
}

function toDepthOption({ kind, depth }: PipelinesCloneOptions): string {
  return kind === 'full' || depth === 'full' ? '' : `--depth ${depth ?? 50}`;
}

function toEnvironment(options: PipelinesCloneOptions, started: Started): Record<string, string> {
  const { bitbucket, name, into } = options;
  const { workspace } = bitbucket;
  return {
    CI: 'true',
    BITBUCKET_CLONE_DIR: into,
    BITBUCKET_WORKSPACE: workspace,
    BITBUCKET_REPO_SLUG: name,
    BITBUCKET_REPO_FULL_NAME: `${workspace}/${name}`,
    BITBUCKET_REPO_UUID: `{${randomUUID()}}`,
    BITBUCKET_GIT_HTTP_ORIGIN: bitbucket.url(name),
    BITBUCKET_GIT_SSH_ORIGIN: `git@bitbucket.org:${workspace}/${name}.git`,
    BITBUCKET_BUILD_NUMBER: '7',
    BITBUCKET_PIPELINE_UUID: `{${randomUUID()}}`,
    BITBUCKET_STEP_UUID: `{${randomUUID()}}`,
    PIPELINES_JWT_TOKEN: `jwt-${randomUUID()}`,
    ...toRunEnvironment(options, started),
  };
}

function toRunEnvironment(
  started: PipelinesRun,
  { commit, destinationCommit }: Started,
): Record<string, string> {
  if (started.kind === 'tag') return { BITBUCKET_TAG: started.tag, BITBUCKET_COMMIT: commit };
  const branch = started.branch ?? 'main';
  if (started.kind !== 'pull-request') return { BITBUCKET_BRANCH: branch, BITBUCKET_COMMIT: commit };
  return {
    BITBUCKET_BRANCH: branch,
    // In pull-request runs Bitbucket gives abbreviated object IDs.
    BITBUCKET_COMMIT: commit.slice(0, 12),
    BITBUCKET_PR_ID: String(started.id ?? 1),
    BITBUCKET_PR_DESTINATION_BRANCH: started.destination ?? 'main',
    BITBUCKET_PR_DESTINATION_COMMIT: (destinationCommit ?? '').slice(0, 12),
  };
}
