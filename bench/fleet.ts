// npm run bench:fleet -- <repositories> [<parts>]: what a fleet costs, beside shell loops over the same repositories. The
// parts are preview,check,serve,loops.
import { isDeepStrictEqual } from 'node:util';
import { deliver } from '../src/sandbox/hosts/deliver';
import { git, readRefs } from '../test/servers/git';
import { type FleetWorld, hookSecret, openFleetWorld, startFleet, token } from './fleetWorld';
import { time } from './measure';

const repositories = Number(process.argv[2] ?? 4_000);
const parts = (process.argv[3] ?? 'preview,check,serve,loops').split(',');
const changes = Math.min(100, repositories);

await using world = await openFleetWorld(repositories);
process.stdout.write(`${repositories} repositories, Node.js ${process.version}\n\n`);
process.stdout.write(
  '| what | requests of the APIs | of git | seconds | MiB |\n| --- | --- | --- | --- | --- |\n',
);
for (const part of parts) {
  if (part === 'serve') await tellService();
  else if (part === 'loops') await tellLoops();
  else await tellCommand(part);
}

function tell(what: string, seconds: number, peak: number | undefined): void {
  const { github, gitlab } = world;
  const [api, ofGit] = [github, gitlab].reduce(
    ([apis, gits], { requests, gitRequests }) => [apis + requests.length, gits + gitRequests.length],
    [0, 0],
  );
  const memory = peak === undefined ? '' : peak.toFixed(0);
  process.stdout.write(`| ${what} | ${api} | ${ofGit} | ${seconds.toFixed(1)} | ${memory} |\n`);
  forgetRequests(world);
}

function forgetRequests({ github, gitlab }: FleetWorld): void {
  for (const host of [github, gitlab]) host.requests.length = host.gitRequests.length = 0;
}

async function tellCommand(command: string): Promise<void> {
  forgetRequests(world);
  const started = startFleet(world, command);
  const { code, seconds, peak } = await started.end;
  if (code !== 0) throw new Error(`fleet ${command} ended with ${code}: ${started.output().slice(-2_000)}`);
  tell(`\`fleet ${command}\`, all equal`, seconds, peak);
}

/** A listing, a poll five minutes later, and a hundred pushes, each with its webhook. */
async function tellService(): Promise<void> {
  const service = startFleet(world, 'serve', '--port', '0', '--hooks-port', '0');
  const startedAt = performance.now();
  const { requests } = world.github;
  await until(() => requests.some((each) => /\/orgs\/acme\/repos/.test(each)) && isQuiet());
  tell(
    '`fleet serve`: its start, with a state',
    (performance.now() - startedAt) / 1_000,
    await service.peak(),
  );
  await until(() => requests.some((each) => each.includes('sort=pushed')));
  const polledAt = performance.now();
  await until(isQuiet);
  tell('`fleet serve`: a quiet poll', Math.max(since - polledAt, 0) / 1_000, await service.peak());
  const hooks = /Webhooks: (http:\/\/[^/\s]+)/.exec(service.output())?.[1] ?? '';
  const pushedAt = performance.now();
  for (let index = 0; index < changes; index++) {
    const [path] = await world.paths(index);
    await git(path, 'update-ref', 'refs/heads/main', world.next);
    const repository = world.github.repositories.find('acme', `app-${index}`);
    if (repository === undefined) throw new Error('no repository');
    await deliver('github', { url: `${hooks}/hooks/acme`, secret: hookSecret }, 'push', repository);
  }
  for (let index = 0; index < changes; index++) await until(() => isMirrored(index));
  tell(`\`fleet serve\`: ${changes} pushes`, (performance.now() - pushedAt) / 1_000, await service.peak());
  service.stop();
  await service.end;
}

let [lastCount, since] = [0, 0];
/** Nothing was asked for a second. */
function isQuiet(): boolean {
  const count = world.github.requests.length + world.gitlab.requests.length;
  if (count !== lastCount) [lastCount, since] = [count, performance.now()];
  return performance.now() - since > 1_000;
}

async function isMirrored(index: number): Promise<boolean> {
  const [source, mirror] = await world.paths(index);
  return isDeepStrictEqual(await readRefs(source), await readRefs(mirror));
}

async function until(look: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await look())) await new Promise((done) => setTimeout(done, 50));
}

/** What people use: a loop over all, one after the other. On a sample, for all. */
async function tellLoops(): Promise<void> {
  const sample = Math.min(50, repositories);
  const [source, mirror] = [world.github, world.gitlab].map(({ url }) =>
    url.replace('//', `//git:${token}@`),
  );
  const each = `for i in $(seq 0 ${sample - 1}); do`;
  const loops = {
    'a loop over `git ls-remote` of both sides': `${each} git ls-remote -q ${source}/acme/app-$i.git; git ls-remote -q ${mirror}/mirror/app-$i.git; done`,
    'a loop over `clone --mirror` and `push --mirror`': `${each} git clone -q --mirror ${source}/acme/app-$i.git c-$i; git -C c-$i push -q --mirror ${mirror}/mirror/app-$i.git; rm -rf c-$i; done`,
  };
  for (const [name, script] of Object.entries(loops)) {
    forgetRequests(world);
    const { seconds } = await time(`${script} >out 2>&1`, world.work, { HOME: world.work });
    tell(`${name}, ${sample} repositories`, seconds, undefined);
    process.stdout.write(`| the same, for all | | | ${((seconds * repositories) / sample).toFixed(0)} | |\n`);
  }
}
