import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { destinationToken, sourceToken } from '../command/fleetHosts';
import { Machine } from './machine';
import { createRandom } from './random';
import { CampaignWorld } from './world';

const rounds = 3;

/**
 * Several worlds on one machine: trouble, webhooks and kills, and then quiet. Each fourth machine runs `fleet mirror` in
 * place of the service. Throws with its seed and its story where a promise was broken.
 */
export async function runWorlds(seed: number, count: number): Promise<void> {
  const random = createRandom(seed);
  await using machine = await Machine.open({ GITHUB_TOKEN: sourceToken, GITLAB_TOKEN: destinationToken });
  const worlds: CampaignWorld[] = [];
  try {
    for (let index = 0; index < count; index++) {
      const root = join(machine.root, `world-${index}`);
      for (const name of ['github', 'gitlab']) await mkdir(join(root, name), { recursive: true });
      worlds.push(await CampaignWorld.open(`w${index}`, root, createRandom(seed * 1_000 + index)));
    }
    await machine.configure(worlds.map(({ mirror }) => mirror));
    if (seed % 4 === 0) await mirrorAmidTrouble(machine, worlds, random);
    else await serveAmidTrouble(machine, worlds, random);
    await expectNothing(machine, worlds, (world) => world.findBroken(), seed);
    await expectNothing(machine, worlds, (world) => world.findUnequal(), seed);
  } finally {
    for (const world of worlds) await world[Symbol.asyncDispose]();
  }

  async function stepAll(): Promise<void> {
    for (const world of worlds)
      for (let steps = 1 + Math.floor(random() * 3); steps > 0; steps--) await world.step();
  }

  async function serveAmidTrouble(on: Machine, all: readonly CampaignWorld[], luck: () => number) {
    await on.serve();
    for (let round = 0; round < rounds; round++) {
      await stepAll();
      for (const world of all) await world.sendHooks(on);
      await new Promise((done) => setTimeout(done, luck() * 2_000));
      await expectNothing(on, all, (world) => world.findBroken(), seed);
      await on.stop(luck() < 0.8 ? 'SIGKILL' : 'SIGTERM');
      await on.serve();
    }
    for (const world of all) world.calm();
    // A token that was refused is shown again after a minute; a start forgets that.
    await on.stop('SIGTERM');
    await on.serve();
    await on.cycle(all.map(({ name }) => name));
  }

  async function mirrorAmidTrouble(on: Machine, all: readonly CampaignWorld[], luck: () => number) {
    for (let round = 0; round < rounds; round++) {
      await stepAll();
      await on.mirror(luck() < 0.7 ? 500 + luck() * 4_000 : undefined);
      await expectNothing(on, all, (world) => world.findBroken(), seed);
    }
    for (const world of all) world.calm();
    // The git of a killed run may still be at work during the first one.
    for (let quiet = 0; quiet < 2; quiet++) await on.mirror(undefined);
  }
}

async function expectNothing(
  machine: Machine,
  worlds: readonly CampaignWorld[],
  find: (world: CampaignWorld) => Promise<readonly string[]>,
  seed: number,
): Promise<void> {
  const found = (await Promise.all(worlds.map(find))).flat();
  if (machine.output.includes(sourceToken) || machine.output.includes(destinationToken))
    found.push('a token was written');
  if (found.length === 0) return;
  const stories = worlds
    .filter(({ name }) => found.some((each) => each.startsWith(`${name}:`)))
    .map(({ name, steps }) => `${name}: ${steps.join(', ')}`);
  const told = machine.output
    .split('\n')
    .filter((line) => found.some((each) => line.includes(each.slice(0, 3))));
  throw new Error(
    `machine ${seed}: ${found.join('; ')}\n${stories.join('\n')}\n${told.slice(-30).join('\n')}`,
  );
}
