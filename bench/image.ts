// npm run bench:image -- <rounds>: the pipe in its image, from a cold start to its exit, with nothing to do.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toShellWord } from '../src/system/shellWord';
import { buildImage } from '../test/image/build';
import { type Contestant, measure, median, time } from './measure';
import { copy, fill } from './repositories';
import { openWorld } from './world';

const rounds = Number(process.argv[2] ?? 7);

await using image = await buildImage();
await using world = await openWorld('ssh');
await fill(world.source, { branches: 1, tags: 0, commits: 200, bytes: 200 });
await copy(world.source, world.destination);
const { dir, env } = await world.clone(50);
// The home of this machine's user is not in the image.
const { HOME: _home, TMPDIR: _folder, ...variables } = world.pipeEnv;
const volumes = [
  `--volume=${dir}:${dir}`,
  `--volume=${join(world.root, 'ssh')}:${join(world.root, 'ssh')}:ro`,
];
const settings = Object.entries({ ...env, ...variables }).map(([name, value]) => `--env=${name}=${value}`);

function inContainer(name: string, options: readonly string[], args: readonly string[] = []): Contestant {
  const limits = ['--ulimit=nofile=1024:1024', '--ulimit=nproc=1000:1000'];
  const command = [
    '--runtime=runc',
    'run',
    '--rm',
    '--network=host',
    ...limits,
    ...options,
    image.name,
    ...args,
  ];
  const script = `podman ${command.map(toShellWord).join(' ')}`;
  return { name, run: () => time(script, '/', { HOME: '/root' }) };
}

const steps = [
  inContainer('the container', ['--entrypoint=/bin/sh'], ['-c', ':']),
  inContainer('and node', ['--entrypoint=node'], ['-e', '']),
  inContainer(
    'and our program, up to its first line',
    ['--entrypoint=/bin/sh'],
    ['-c', 'node /opt/main.js || :'],
  ),
  inContainer('and the mirror', [...volumes, ...settings, `--workdir=${dir}`]),
];
/** Nothing of the image is in the memory of this machine. */
const forget = () => writeFile('/proc/sys/vm/drop_caches', '3');
for (const [start, reset] of [
  ['cold', forget],
  ['warm', async () => undefined],
] as const) {
  const samples = await measure(steps, rounds, reset);
  const seconds = steps.map(({ name }) => median(samples.get(name)?.map((each) => each.seconds) ?? []));
  process.stdout.write(`\n| ${start} | seconds | share |\n| --- | --- | --- |\n`);
  for (const [index, { name }] of steps.entries()) {
    const [upTo = 0, before = 0] = [seconds[index], seconds[index - 1]];
    process.stdout.write(`| ${name} | ${upTo.toFixed(3)} | ${(upTo - before).toFixed(3)} |\n`);
  }
}
