// @module-tag slow
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { grow } from '../servers/git';
import { expectNothingLeft } from './footprint';
import { growSource } from './scene';
import { openWorld, type ServerName, type World } from './world';

const signals = { SIGTERM: 143, SIGINT: 130, SIGHUP: 129, SIGQUIT: 131 } as const;
type Signal = keyof typeof signals;

interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly milliseconds: number;
  readonly output: string;
}

/** Runs the pipe in a process group of its own; after so many milliseconds the signal goes to it, or to all of the group. */
async function pipeUntil(
  world: World,
  clone: Awaited<ReturnType<World['clone']>>,
  strike?: { readonly after: number; readonly signal: Signal; readonly to: 'process' | 'group' },
): Promise<Ended> {
  const { home: HOME, temporary: TMPDIR } = world;
  const env = { PATH: process.env['PATH'], HOME, TMPDIR, REFS: 'all', ...clone.env, ...world.variables };
  const started = performance.now();
  const child = spawn(process.execPath, [resolve('dist/pipe.js')], { cwd: clone.dir, env, detached: true });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => {
      output += text;
    });
  const ended = new Promise<Ended>((done) =>
    child.on('close', (exitCode, signal) =>
      done({ exitCode, signal, milliseconds: performance.now() - started, output }),
    ),
  );
  if (strike !== undefined && child.pid !== undefined) {
    await Promise.race([wait(strike.after), ended]);
    try {
      process.kill(strike.to === 'group' ? -child.pid : child.pid, strike.signal);
    } catch {
      // It has ended by itself.
    }
  }
  return await ended;
}

/** Ten moments of a run that takes so long, each in a tenth of its own, the same in every run of this test. */
function* toMoments(milliseconds: number, seed: number): Generator<number> {
  let state = seed;
  for (let tenth = 0; tenth < 10; tenth++) {
    state = (state * 48_271) % 2_147_483_647;
    yield ((tenth + state / 2_147_483_647) / 10) * milliseconds;
  }
}

async function strikeTenTimes(server: ServerName, signal: Signal, to: 'process' | 'group', seed: number) {
  await using world = await openWorld(server);
  await growSource(world);
  // Long enough for the moments to fall into all that a run does.
  world.sandbox.faults.latencyMs = 15;
  const clone = await world.clone();
  let milliseconds = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 2; run++) {
    await grow(world.source, 'main');
    const whole = await pipeUntil(world, clone);
    expect(whole).toMatchObject({ exitCode: 0 });
    milliseconds = Math.min(milliseconds, whole.milliseconds);
  }
  let stopped = 0;
  for (const after of toMoments(milliseconds, seed)) {
    await grow(world.source, 'main');
    const ended = await pipeUntil(world, clone, { after, signal, to });
    // Before the program listens to signals it has made nothing; and it may have ended just before.
    const isEarly = ended.exitCode === null && ended.output === '';
    expect([isEarly ? signal : ended.exitCode, ended.output]).toEqual([
      expect.toBeOneOf([signals[signal], signal, 0]),
      expect.not.stringMatching(/^ +at .*:\d+|\[internal\]/m),
    ]);
    if (ended.exitCode === signals[signal]) stopped += 1;
    await expectNothingLeft(world);
  }
  expect(stopped).toBeGreaterThan(0);
  world.sandbox.faults.latencyMs = undefined;
  expect(await pipeUntil(world, clone)).toMatchObject({ exitCode: 0 });
  expect(await world.destinationRefs()).toEqual(await world.sourceRefs());
}

const all = Object.keys(signals) as Signal[];

describe.each(['process', 'group'] as const)('at ten moments, to the %s,', (to) => {
  test.each(all)('%s leaves no file, no ssh and no git', (signal) =>
    strikeTenTimes('sandbox', signal, to, 1_000 + all.indexOf(signal)),
  );

  test.each(['SIGTERM', 'SIGHUP'] as const)('%s leaves nothing over HTTPS', (signal) =>
    strikeTenTimes('https', signal, to, 2_000 + all.indexOf(signal)),
  );
});
