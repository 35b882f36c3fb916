import { Readable, Writable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import type { FleetRequest } from '../../fleet/command/fleetCommand';
import { type FleetProgram, runFleet } from '../../fleet/command/run';
import type { ServePorts } from '../../fleet/command/serve';
import { deliver } from '../hosts/deliver';
import { type DemoHost, type FleetPlaces, openFleetPlaces } from './fleetPlaces';
import { type DemoShell, toTitle } from './shell';

/**
 * Mirrors nine repositories of three hosts, below `root`, with a service whose status page stays until the signal is
 * aborted, or with `isOnce` until it shows what is expected. Returns 0 if each run ended as expected.
 */
export async function runFleetDemo(shell: DemoShell, root: string, isOnce: boolean): Promise<number> {
  await using places = await openFleetPlaces(shell, root);
  const { stdout } = shell;
  stdout.write(
    `\n${toTitle(shell, 'A fleet')}\nThree servers that behave like GitHub, GitLab and Bitbucket have three\n` +
      `repositories each. A fourth one is CodeCommit. mirrors.yaml says what to mirror:\n\n${places.text}`,
  );
  const commands = [
    ['preview', 'What would be mirrored', 'fleet preview changes nothing.'],
    ['mirror', 'The first run', 'fleet mirror makes what is missing, private, and mirrors all of it.'],
  ] as const;
  for (const [index, [subcommand, title, text]] of commands.entries()) {
    stdout.write(`\n${toTitle(shell, `${index + 1}/3 ${title}`)}\n${text}\n`);
    const ended = await runCommand(subcommand, shell, places);
    if (ended !== 0 || shell.signal.aborted) return ended;
  }
  stdout.write(`\n${toTitle(shell, '3/3 The service')}\nfleet serve mirrors for as long as it runs.\n`);
  return await showService(shell, places, isOnce);
}

async function runCommand(
  subcommand: FleetRequest['subcommand'],
  { stdout, signal, isLogColoured = false }: Omit<DemoShell, 'env'>,
  { env, folder }: FleetPlaces,
  opened?: (ports: ServePorts) => void,
): Promise<number> {
  const { isTTY, columns } = stdout;
  const write: Writable['_write'] = (text, _encoding, done) => {
    stdout.write(String(text));
    done();
  };
  const stream = Object.assign(new Writable({ decodeStrings: false, write }), { isTTY, columns });
  // Expected failures are shown in their place, on the same stream.
  const streams = { stdin: Readable.from([]), stdout: stream, stderr: stream };
  const program: FleetProgram = {
    env,
    cwd: folder,
    signal,
    isLogColoured,
    ...streams,
    ...(opened && { opened }),
  };
  return await runFleet({ subcommand, names: [], flags: { port: '0', hooksPort: '0' } }, program);
}

/** Serves while things happen at the hosts. */
async function showService(shell: DemoShell, places: FleetPlaces, isOnce: boolean): Promise<number> {
  const ending = new AbortController();
  const signal = AbortSignal.any([shell.signal, ending.signal]);
  let served: Promise<number> = Promise.resolve(1);
  const opened = new Promise<ServePorts>((resolve) => {
    served = runCommand('serve', { ...shell, signal }, places, resolve);
  });
  const told = opened.then((ports) => tellStory({ ...shell, signal }, places, ports, isOnce));
  // A service that can't be opened, or is stopped, ends by itself.
  const isExpected = await Promise.race([told, served.then(() => shell.signal.aborted)]);
  if (isOnce || !isExpected) ending.abort('SIGTERM');
  const ended = await served;
  if (!isExpected) return ended || 1;
  shell.stdout.write(nextStep);
  return ended;
}

/** Returns whether everything happened as expected. */
async function tellStory(
  { stdout, signal }: DemoShell,
  places: FleetPlaces,
  { page, hooks }: ServePorts,
  isOnce: boolean,
): Promise<boolean> {
  const isSeen = (counts: Counts) => until(() => shows(page, counts), signal);
  if (!(await isSeen({ equal: 9 }))) return tellUnexpected(stdout, page);
  stdout.write(
    '\nAll nine are equal. Now somebody pushes a commit to api on GitHub, rewrites a\n' +
      'branch of infra on GitLab, and deletes legacy on Bitbucket. Each host sends a\nwebhook:\n',
  );
  await (await places.open('github', 'api')).commit('main', 'A change');
  await (await places.open('gitlab', 'infra')).rewrite('feature');
  const send = async (host: DemoHost, name: string, event: 'push' | 'deleted') => {
    const target = { url: `${hooks}/hooks/${host}`, secret: places.hookSecret };
    const repository = places.find(host, name);
    if (event === 'deleted') places.remove(host, name);
    await deliver(host, target, event, repository);
  };
  await send('github', 'api', 'push');
  await send('gitlab', 'infra', 'push');
  await send('bitbucket', 'legacy', 'deleted');
  const isMirrored = await until(() => places.isEqual('github', 'api'), signal);
  if (!isMirrored || !(await isSeen({ equal: 7, failing: 1, 'source gone': 1 })))
    return tellUnexpected(stdout, page);
  stdout.write(
    '\nThe commit is mirrored. The mirror of infra keeps what it has, as "force" is not\n' +
      'set. The mirror of legacy stays.\n' +
      (isOnce ? '' : `\nThe status page is open until ^C: ${page}/\n`),
  );
  return true;
}

const nextStep = `
For an organisation of your own, this asks five questions and changes nothing:
  npx codecommit-mirror fleet init
  npx codecommit-mirror fleet preview
`;

function tellUnexpected(stdout: DemoShell['stdout'], page: string): false {
  stdout.write(`\nThe status page at ${page}/ does not show what this step should bring about.\n`);
  return false;
}

/** Repositories by their state. */
type Counts = Readonly<Record<string, number>>;

async function shows(page: string, counts: Counts): Promise<boolean> {
  const metrics = await (await fetch(`${page}/metrics`)).text();
  return Object.entries(counts).every(([state, count]) =>
    metrics.includes(`codecommit_mirror_repositories{state="${state}"} ${count}\n`),
  );
}

/** Polls for at most two minutes. False if it never becomes true, or if the demo is stopped. */
async function until(look: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  for (const end = Date.now() + 120_000; Date.now() < end && !signal.aborted; await setTimeout(100))
    if (await look().catch(() => false)) return true;
  return false;
}
