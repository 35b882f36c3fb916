import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from '../test/servers/git';
import { type Contestant, measure, type Sample, time } from './measure';
import { advance, copy, fill, type Shape } from './repositories';
import { openWorld, type Protocol, pipe, type World } from './world';

/** What a scenario compares with what, and the bound it is held to. */
export interface Scenario {
  readonly title: string;
  readonly text: string;
  readonly baseline: string;
  readonly bound: number;
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
}

const small: Shape = { branches: 1, tags: 0, commits: 200, bytes: 200 };

/** The names of ways in the tables. */
export const ours = 'codecommit-mirror';
export const listings = '`git ls-remote` of both, one after the other';
const rawPush = '`git push` of the branch';
const mirrorPush = '`git clone --mirror && git push --mirror`';
const oneLiner = '`git push --prune "refs/remotes/origin/*:refs/heads/*"`, full clone';

/** Ways to the same end, each from the Pipelines clone in `dir`. */
function toContestants(world: World, dir: string, env: Readonly<Record<string, string>>) {
  const { gitEnv, pipeEnv, destinationUrl, bitbucket } = world;
  const source = bitbucket.url('app');
  const way = (name: string, script: string, environment: Readonly<Record<string, string>>): Contestant => ({
    name,
    run: () => time(script, dir, environment),
  });
  return {
    one: way(ours, pipe, { ...env, ...pipeEnv }),
    all: way(ours, pipe, { ...env, ...pipeEnv, REFS: 'all' }),
    list: way(
      listings,
      `cd /; git ls-remote ${source} >/dev/null; git ls-remote ${destinationUrl} >/dev/null`,
      gitEnv,
    ),
    push: way(rawPush, `git push -q ${destinationUrl} HEAD:refs/heads/main`, gitEnv),
    mirror: way(
      mirrorPush,
      `rm -rf ../m; git clone -q --mirror ${source} ../m; cd ../m; git push -q --mirror ${destinationUrl}`,
      gitEnv,
    ),
    oneLiner: way(
      oneLiner,
      `git push -q --prune ${destinationUrl} '+refs/remotes/origin/*:refs/heads/*'`,
      gitEnv,
    ),
  };
}

const bare = 'a shell script with the same commands of git, on one connection';
const bareHttps = 'a shell script with the same commands of git';

/** The end of a title. */
const over: Readonly<Record<Protocol, string>> = { ssh: '', https: ', over HTTPS' };

/**
 * The floor: what git and ssh themselves take for what we do, with nothing decided, checked or told. Both sides are
 * listed at once, `pushes` go out, and the destination is listed again.
 */
function toFloor(
  { protocol, gitEnv, bitbucket, destinationUrl }: World,
  cwd: string,
  pushes: readonly string[],
): Contestant {
  if (protocol === 'https') return toHttpsFloor(gitEnv, cwd, { bitbucket, destinationUrl, pushes });
  const { username, hostname, port } = new URL(destinationUrl);
  const connect = `$GIT_SSH_COMMAND -p ${port} -S "$socket"`;
  const list = `git ls-remote ${destinationUrl} >/dev/null`;
  const script = [
    'socket=$(mktemp -u)',
    `(cd /; git ls-remote ${bitbucket.url('app')} >/dev/null) &`,
    `${connect} -M -N -f ${username}@${hostname}`,
    `ssh="$GIT_SSH_COMMAND"; export GIT_SSH_COMMAND="$ssh -S $socket"`,
    `(cd /; ${list}); wait`,
    ...pushes.map((push) => `git push -q ${destinationUrl} ${push}`),
    ...(pushes.length > 0 ? [`(cd /; ${list})`] : []),
    `$ssh -S "$socket" -O exit ${hostname} 2>/dev/null`,
  ];
  return { name: bare, run: () => time(script.join('\n'), cwd, gitEnv) };
}

/** The same over HTTPS, where each command connects anew. */
function toHttpsFloor(
  env: Readonly<Record<string, string>>,
  cwd: string,
  {
    bitbucket,
    destinationUrl,
    pushes,
  }: Pick<World, 'bitbucket' | 'destinationUrl'> & { pushes: readonly string[] },
): Contestant {
  const list = `git ls-remote ${destinationUrl} >/dev/null`;
  const script = [
    `(cd /; git ls-remote ${bitbucket.url('app')} >/dev/null) &`,
    `(cd /; ${list}); wait`,
    ...pushes.map((push) => `git push -q ${destinationUrl} ${push}`),
    ...(pushes.length > 0 ? [`(cd /; ${list})`] : []),
  ];
  return { name: bareHttps, run: () => time(script.join('\n'), cwd, env) };
}

/** A world whose destination had all of the source before the source went on by a commit on each of `advanced`. */
async function openBehind(protocol: Protocol, shape: Shape, advanced: readonly string[]): Promise<World> {
  const world = await openWorld(protocol);
  await fill(world.source, shape);
  await copy(world.source, world.destination);
  await git(world.destination, 'config', 'gc.auto', '0');
  await copy(world.destination, join(world.root, 'before'));
  if (advanced.length > 0) await advance(world.source, advanced);
  return world;
}

const toBefore = (world: World) => () => copy(join(world.root, 'before'), world.destination);

export async function nothingToDo(protocol: Protocol, roundTrip: number, rounds: number): Promise<Scenario> {
  await using world = await openBehind(protocol, small, []);
  const { dir, env } = await world.clone(50);
  world.setRoundTrip(roundTrip);
  const { one, list, push, mirror, oneLiner } = toContestants(world, dir, env);
  return {
    title: `Nothing to do, one branch, ${roundTrip} ms round trip${over[protocol]}`,
    text: 'Both sides are equal, and the run has to find that out. Without a round trip, the difference to the shell script is the start of our program.',
    baseline: list.name,
    bound: roundTrip === 0 ? 1.25 : 0.75,
    samples: await measure(
      [one, list, toFloor(world, dir, []), push, mirror, oneLiner],
      rounds,
      async () => undefined,
    ),
  };
}

export async function oneCommit(protocol: Protocol, roundTrip: number, rounds: number): Promise<Scenario> {
  await using world = await openBehind(protocol, small, ['main']);
  const { dir, env } = await world.clone(50);
  world.setRoundTrip(roundTrip);
  const { one, push, mirror, oneLiner } = toContestants(world, dir, env);
  const floor = toFloor(world, dir, ['HEAD:refs/heads/main']);
  return {
    title: `One new commit, one branch, ${roundTrip} ms round trip${over[protocol]}`,
    text: `The push of a tutorial does not verify afterwards: that costs a mirror one round trip more. The shell script does what we do
with only git and ssh.`,
    baseline: push.name,
    bound: 1.35,
    samples: await measure([one, push, floor, mirror, oneLiner], rounds, toBefore(world)),
  };
}

export async function oneCommitOfMany(
  protocol: Protocol,
  branches: number,
  history: Pick<Shape, 'commits' | 'bytes'>,
  roundTrip: number,
  rounds: number,
): Promise<Scenario> {
  await using world = await openBehind(protocol, { ...small, ...history, branches }, ['main']);
  const { dir, env } = await world.clone('full');
  world.setRoundTrip(roundTrip);
  const { all, push, mirror, oneLiner } = toContestants(world, dir, env);
  const floor = toFloor(world, dir, ['HEAD:refs/heads/main']);
  return {
    title: `One new commit, \`REFS: all\`, ${branches} branches, ${history.commits} commits, ${roundTrip} ms round trip${over[protocol]}`,
    text: 'Our run checks every branch; a push of one branch checks only that branch, and a mirrored clone fetches the whole history first. The shell script does what we do with only git and ssh, for one branch.',
    baseline: push.name,
    bound: 1.35,
    samples: await measure([all, push, floor, mirror, oneLiner], rounds, toBefore(world)),
  };
}

export async function firstMirror(protocol: Protocol, shape: Shape, rounds: number): Promise<Scenario> {
  await using world = await openWorld(protocol);
  await fill(world.source, shape);
  await rename(world.destination, join(world.root, 'before'));
  const { dir, env } = await world.clone('full');
  const { all, mirror } = toContestants(world, dir, env);
  const bareClone = join(world.root, 'bare');
  await git(world.root, 'clone', '-q', '--bare', '--no-local', world.source, bareClone);
  const script = `git push -q ${world.destinationUrl} 'refs/heads/*:refs/heads/*' 'refs/tags/*:refs/tags/*'`;
  const push: Contestant = {
    name: '`git push` of all heads and tags from a full bare clone',
    run: () => time(script, bareClone, world.gitEnv),
  };
  const walk =
    'git rev-list --objects --filter=object:type=blob --all | git cat-file --buffer --batch-check >/dev/null';
  const rest = `-q ${world.destinationUrl} 'refs/heads/*:refs/heads/*' 'refs/tags/*:refs/tags/*'`;
  const floor: Contestant = {
    name: 'the walk over all files, then `git push` of the default branch and of the rest',
    run: () =>
      time(`${walk}\ngit push -q ${world.destinationUrl} main\ngit push ${rest}`, bareClone, world.gitEnv),
  };
  return {
    title: `First mirror, ${shape.commits} commits, ${Math.round((shape.commits * shape.bytes) / 1e6)} MB${over[protocol]}`,
    text: 'From a full clone to an empty repository. The walk over all files finds what CodeCommit refuses before the push, and the default branch is pushed separately, so that it becomes the default. The time that git needs for these is the lower bound in the table.',
    baseline: push.name,
    bound: 1.05,
    samples: await measure([all, push, floor, mirror], rounds, toBefore(world)),
  };
}

export async function manyRefs(
  protocol: Protocol,
  refs: number,
  changed: number,
  rounds: number,
): Promise<Scenario> {
  const names = Array.from({ length: changed }, (_, index) => `b/${index + 1}`);
  const shape = { ...small, branches: refs / 2, tags: refs / 2, commits: 2_000 };
  await using world = await openBehind(protocol, shape, names);
  const { dir, env } = await world.clone('full');
  const { all, list, mirror, oneLiner } = toContestants(world, dir, env);
  const refspecs = names.map((name) => `refs/heads/${name}:refs/heads/${name}`).join(' ');
  const push: Contestant = {
    name: `\`git push\` of the ${changed} branches, each by its name`,
    run: () => time(`git push -q ${world.destinationUrl} ${refspecs}`, world.source, world.gitEnv),
  };
  return {
    title: `${refs} refs, ${changed} changed${over[protocol]}`,
    text: 'Half of the refs are branches, half are tags. `git push` compares each pushed ref with every ref of the other side, most of all if each is named; our push compares none.',
    baseline: push.name,
    bound: 1,
    samples: await measure([all, list, push, mirror, oneLiner], rounds, toBefore(world)),
  };
}

/** From nothing to the first line of the log; the line is a fault, as no variable is set. */
export async function start(rounds: number): Promise<Scenario> {
  const env = { BITBUCKET_GIT_HTTP_ORIGIN: 'http://bitbucket.org/acme/app' };
  const way = (name: string, script: string): Contestant => ({ name, run: () => time(script, '/', env) });
  const node = way('`node` with an empty program', `node -e ''`);
  return {
    title: 'Start, up to the first line of the log',
    text: 'Everything is loaded, the variables are read, and a fault is reported. The goal is 0.120 s, about four times a bare start.',
    baseline: node.name,
    bound: 4,
    samples: await measure([way(ours, `${pipe} || true`), node], rounds, async () => undefined),
  };
}
