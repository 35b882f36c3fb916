import { type Aws, openAws, secretAccessKey } from '../servers/aws';
import { addKey } from '../servers/aws/iam';
import type { IamUser, SshKey } from '../servers/aws/state';
import { gitWith } from '../servers/git';
import { toPointer } from '../servers/lfs';
import { growSource, seedDestination, whole } from './scene';
import { findSecretsIn, toKeySecret, toTextSecret } from './secrets';
import { keyPair, openWorld, type Run, runProgram, type ServerName, type World } from './world';

type Changes = Readonly<Record<string, string | undefined>>;

/** A world whose two sides are equal, and a shell in a clone of it. */
export interface CheckWorld extends AsyncDisposable {
  readonly world: World;
  /** Runs `codecommit-mirror check --refs all …`. */
  check(changes?: Changes, flags?: readonly string[]): Promise<Run>;
  /** The same with `--json`, parsed: what is told of each point as `state`, and the document. */
  states(changes?: Changes): Promise<{ exitCode: number | null; states: Record<string, string> }>;
}

export async function openCheckWorld(server: ServerName = 'sandbox'): Promise<CheckWorld> {
  const world = await openWorld(server);
  await growSource(world);
  await seedDestination(world, whole);
  const clone = await world.clone({ kind: 'branch', depth: 'full' });
  async function check(changes: Changes = {}, flags: readonly string[] = []): Promise<Run> {
    const env = {
      ...clone.env,
      ...world.variables,
      HOME: world.home,
      TMPDIR: world.temporary,
      NO_COLOR: '1',
      ...changes,
    };
    const run = await runProgram('cli', ['check', '--refs', 'all', ...flags], clone.dir, env);
    const secrets = [toKeySecret('key', keyPair.privateKey), toTextSecret('secret', secretAccessKey)];
    const found = findSecretsIn(run.output, secrets);
    if (found.length > 0) throw new Error(`a secret was told: ${found.join(', ')}`);
    return run;
  }
  return {
    world,
    check,
    async states(changes) {
      const { exitCode, output } = await check(changes, ['--json']);
      const { points } = JSON.parse(output.slice(output.indexOf('{\n')));
      return {
        exitCode,
        states: Object.fromEntries(
          points.map((point: { name: string; state: string }) => [point.name, point.state]),
        ),
      };
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

/** An account whose user `mirror` has the key, and the variables that name the account and CodeCommit's own URL. */
export interface CheckAccount extends AsyncDisposable {
  readonly aws: Aws;
  readonly user: IamUser;
  readonly key: SshKey;
  readonly variables: Changes;
}

export const resource = 'arn:aws:codecommit:us-east-1:111122223333:app';

export async function openCheckAccount({ sandbox }: World): Promise<CheckAccount> {
  const aws = await openAws();
  const { state } = aws;
  for (const name of ['admin', 'somebody'])
    state.users.set(name, { name, path: '/', policies: new Map(), keys: [] });
  const user: IamUser = { name: 'mirror', path: '/codecommit-mirror/', policies: new Map(), keys: [] };
  state.users.set(user.name, user);
  const Action = ['codecommit:GitPull', 'codecommit:GitPush'];
  user.policies.set('git', { Statement: [{ Effect: 'Allow', Action, Resource: resource }] });
  const key = addKey(state, user, keyPair.publicKey.split(' ').slice(0, 2).join(' '));
  sandbox.allow(key.id, keyPair.publicKey);
  state.pageSize = 1;
  return {
    aws,
    user,
    key,
    variables: {
      ...aws.env,
      CODECOMMIT_URL: 'ssh://git-codecommit.us-east-1.amazonaws.com/v1/repos/app',
      CODECOMMIT_ENDPOINT: `${sandbox.host}:${sandbox.port}`,
      SSH_KEY_ID: key.id,
    },
    [Symbol.asyncDispose]: () => aws[Symbol.asyncDispose](),
  };
}

/** Commits a file to main, as the whole of its tree. */
export async function commitFile(repository: string, path: string, text: string): Promise<void> {
  const who = 'committer Ada <ada@example.com> 1700000000 +0000';
  const file = `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`;
  const input = `commit refs/heads/main\n${who}\ndata 1\nx\nfrom refs/heads/main^0\ndeleteall\n${file}`;
  await gitWith({ input }, repository, 'fast-import', '--quiet');
}

/** Commits a file that stands for one in Git LFS. */
export async function commitPointer(repository: string): Promise<void> {
  await commitFile(repository, 'large.bin', toPointer('content'));
}
