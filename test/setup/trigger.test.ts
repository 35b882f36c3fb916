// @module-tag slow
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toTriggerName } from '../../src/setup/names';
import type { Trigger } from '../servers/aws/state';
import { mirror, openSetupWorld, type SetupWorld } from './world';

vi.setConfig({ testTimeout: 180_000 });

let world: SetupWorld;
beforeEach(async () => {
  world = await openSetupWorld();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const topic = 'arn:aws:sns:eu-west-1:111122223333:pushes';
const lambda = 'arn:aws:lambda:eu-west-1:111122223333:function:build:live';
const toTrigger = (name: string, destinationArn: string): Trigger => ({
  name,
  destinationArn,
  customData: '',
  branches: [],
  events: ['all'],
});
const ours = (arn: string) => toTrigger(toTriggerName(mirror), arn);
const theirs: Trigger = { ...toTrigger('theirs', topic), customData: 'x', branches: ['main'] };
const triggers = () => world.aws.state.triggers.get('eu-west-1/app') ?? [];
const puts = () => world.takeWrites().filter((call) => call === 'codecommit:PutRepositoryTriggers').length;

describe('setup --trigger', () => {
  it('puts a trigger to a repository that it makes, once', async () => {
    const first = await world.setupHere({ trigger: topic });
    expect(first.exitCode, first.output).toBe(0);
    expect(triggers()).toEqual([ours(topic)]);
    expect(puts()).toBe(1);
    expect(await world.setupHere({ trigger: topic })).toMatchObject({ exitCode: 0 });
    expect(world.takeWrites()).toEqual([]);
  });

  it('keeps those of others, also one that appears meanwhile, and changes ours in its place', async () => {
    world.aws.state.repositories.add('eu-west-1/app');
    await world.sandbox.createRepository('app');
    world.aws.state.triggers.set('eu-west-1/app', [theirs]);
    expect(await world.setupHere({ trigger: topic })).toMatchObject({ exitCode: 0 });
    expect(triggers()).toEqual([theirs, ours(topic)]);

    const late = toTrigger('late', topic);
    let reads = 0;
    world.aws.onCall = (call, when) => {
      if (call !== 'codecommit:GetRepositoryTriggers' || when !== 'before') return;
      reads += 1;
      if (reads === 2) world.aws.state.triggers.set('eu-west-1/app', [...triggers(), late]);
    };
    const changed = await world.setupHere({ trigger: lambda });
    expect(changed.exitCode, changed.output).toBe(0);
    expect(changed.output).toContain(`${topic} → ${lambda}`);
    expect(changed.output).toContain(`aws lambda add-permission --function-name ${lambda}`);
    expect(changed.output).toContain('--source-arn arn:aws:codecommit:eu-west-1:111122223333:app');
    expect(triggers()).toEqual([theirs, late, ours(lambda)]);
  });

  it('changes nothing where the repository has ten already, and names them', async () => {
    world.aws.state.repositories.add('eu-west-1/app');
    const ten = Array.from({ length: 10 }, (_, index) => toTrigger(`t${index}`, topic));
    world.aws.state.triggers.set('eu-west-1/app', ten);
    const { exitCode, output } = await world.setupHere({ trigger: topic });
    expect(exitCode).toBe(1);
    expect(output).toContain('has 10 triggers, as many as CodeCommit allows: t0, t1,');
    expect(world.takeWrites()).toEqual([]);
    expect(triggers()).toEqual(ten);
  });
});

it('setup --remove takes ours off, and leaves those of others', async () => {
  expect(await world.setupHere({ trigger: topic })).toMatchObject({ exitCode: 0 });
  world.aws.state.triggers.set('eu-west-1/app', [...triggers(), theirs]);
  expect(await world.setupHere({ remove: true, write: true })).toMatchObject({ exitCode: 0 });
  expect(triggers()).toEqual([theirs]);
  world.takeWrites();
  expect(await world.setupHere({ remove: true, write: true })).toMatchObject({ exitCode: 0 });
  expect(world.takeWrites()).toEqual([]);
});
