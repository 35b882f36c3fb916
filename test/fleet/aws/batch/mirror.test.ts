import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Message, toGroup } from '../../../../src/fleet/aws/resources/message';
import { git, grow, readRefs } from '../../../servers/git';
import { tries } from '../../../servers/lambda/eventSource';
import { startFunction } from '../../../servers/lambda/function';
import { motoAvailable } from '../../../servers/moto';
import { type AwsWorld, openAwsWorld, token, toPlace } from '../world';

let count = 0;

function toMessage(name: string, changes: Partial<Message> = {}): Message {
  count += 1;
  return {
    version: 1,
    place: toPlace(name),
    reason: 'event',
    id: `message-${count}`,
    continued: 0,
    ...changes,
  };
}

async function ask({ queue }: AwsWorld, name: string, changes: Partial<Message> = {}): Promise<void> {
  const message = toMessage(name, changes);
  await queue.send(JSON.stringify(message), toGroup(message.place), message.id);
}

describe.runIf(motoAvailable())(
  "the mirror function, with moto's queue and real git:",
  { tags: ['slow'] },
  () => {
    test('what is pushed is on the other host, and what is deleted there is deleted', async () => {
      await using world = await openAwsWorld();
      const { source, destination } = await world.createPair('app');
      await using mirror = await startFunction('mirror', world.env);
      await grow(source, 'main', { count: 3 });
      await grow(source, 'old');
      await ask(world, 'app');
      await world.queue.drain(mirror.api);
      expect(await readRefs(destination)).toEqual(await readRefs(source));
      await grow(source, 'main');
      await git(source, 'branch', '-f', 'old', 'main');
      await git(source, 'tag', 'v1', 'main');
      await ask(world, 'app');
      await world.queue.drain(mirror.api);
      expect(await readRefs(destination)).toEqual(await readRefs(source));
      await git(source, 'branch', '-D', 'old');
      await ask(world, 'app');
      await world.queue.drain(mirror.api);
      expect(await readRefs(destination)).toEqual(await readRefs(source));
      expect(Object.keys(await readRefs(destination))).toEqual(['refs/heads/main', 'refs/tags/v1']);

      expect(await world.queue.count()).toEqual({ visible: 0, hidden: 0 });
      expect(await world.findState('app')).toMatchObject({
        state: 'equal',
        destination: 'app',
        refs: 2,
        failures: 0,
      });
      expect(mirror.output()).not.toContain(token);
      expect(await readdir(`${world.disk}/codecommit-mirror`)).toEqual([]);
    });

    test('ten messages at once for one repository are one run, and what a run has seen needs no other', async () => {
      await using world = await openAwsWorld();
      const { source, destination } = await world.createPair('app');
      await using mirror = await startFunction('mirror', world.env);
      await grow(source, 'main');
      for (let index = 0; index < 10; index += 1) await ask(world, 'app');
      await world.queue.drain(mirror.api);
      expect(await readRefs(destination)).toEqual(await readRefs(source));
      expect(mirror.output().match(/"Runs":1/g)).toHaveLength(1);
    });

    test('one that fails holds up no other, comes back by its back-off, and ends in the dead-letter queue', async () => {
      await using world = await openAwsWorld();
      const good = await world.createPair('good');
      const bad = await world.createPair('bad');
      for (const { source } of [good, bad]) await grow(source, 'main');
      // Its refs are listed, and what they point at can't be sent.
      await rm(join(bad.source, 'objects'), { recursive: true });
      await mkdir(join(bad.source, 'objects'));
      await using mirror = await startFunction('mirror', world.env);
      await ask(world, 'bad');
      await ask(world, 'good');
      for (let attempt = 1; attempt <= tries; attempt += 1) {
        const batches = await world.queue.drain(mirror.api);
        expect(batches.flatMap(({ failed }) => failed)).toHaveLength(1);
        // Hidden for its back-off, and not for the half hour of the queue.
        expect(await world.queue.count()).toEqual({ visible: 0, hidden: 1 });
        for (const batch of batches) await world.queue.passBackOff(batch);
      }
      expect(await world.queue.drain(mirror.api)).toEqual([]);
      expect(await world.queue.count('dead')).toEqual({ visible: 1, hidden: 0 });
      expect(await world.findState('bad')).toMatchObject({ state: 'failing', failures: tries });
      expect(mirror.output().match(/"Failed":1/g)).toHaveLength(tries);
      expect(await readRefs(good.destination)).toEqual(await readRefs(good.source));
      expect(await world.findState('good')).toMatchObject({ state: 'equal' });
    });
  },
);
