import { describe, expect, test } from 'vitest';
import { type Message, toGroup } from '../../../../src/fleet/aws/resources/message';
import { grow, readRefs } from '../../../servers/git';
import { startFunction } from '../../../servers/lambda/function';
import { motoAvailable } from '../../../servers/moto';
import { openAwsWorld, toPlace } from '../world';

const message: Message = { version: 1, place: toPlace('app'), reason: 'asked', id: 'one', continued: 0 };

describe.runIf(motoAvailable())('with moto:', { tags: ['slow'] }, () => {
  test('a worker on a machine takes from the same queue, and ends when it is asked to', async () => {
    await using world = await openAwsWorld();
    const { source, destination } = await world.createPair('app');
    await grow(source, 'main');
    await world.queue.send(JSON.stringify(message), toGroup(message.place), message.id);
    await using worker = await startFunction('worker', world.env);
    while ((await world.findState('app'))?.state !== 'equal')
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await readRefs(destination)).toEqual(await readRefs(source));
    worker.stop();
    expect(await worker.ended()).toBe(0);
  });

  test('a build of CodeBuild mirrors what its message names, and ends', async () => {
    await using world = await openAwsWorld();
    const { source, destination } = await world.createPair('app');
    await grow(source, 'main');
    const env = { ...world.env, MIRROR_MESSAGE: JSON.stringify(message) };
    await using build = await startFunction('build', env);
    expect(await build.ended()).toBe(0);
    expect(await readRefs(destination)).toEqual(await readRefs(source));
    expect(await world.findState('app')).toMatchObject({ state: 'equal' });
  });
});
