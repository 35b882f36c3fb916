// @module-tag slow
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { toProtectionName } from '../../src/setup/names';
import { mirror, openSetupWorld, type SetupWorld, user } from './world';

vi.setConfig({ testTimeout: 180_000 });

let world: SetupWorld;
beforeEach(async () => {
  world = await openSetupWorld();
});
afterEach(async () => {
  await world[Symbol.asyncDispose]();
});

const name = toProtectionName(mirror);
const arn = `arn:aws:iam::111122223333:policy/codecommit-mirror/${name}`;

function toDocument(principal: string) {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'OnlyTheMirrorPushes',
        Effect: 'Deny',
        Action: [
          'codecommit:GitPush',
          'codecommit:CreateBranch',
          'codecommit:DeleteBranch',
          'codecommit:CreateCommit',
          'codecommit:PutFile',
          'codecommit:DeleteFile',
          'codecommit:MergeBranchesByFastForward',
          'codecommit:MergeBranchesBySquash',
          'codecommit:MergeBranchesByThreeWay',
          'codecommit:MergePullRequestByFastForward',
          'codecommit:MergePullRequestBySquash',
          'codecommit:MergePullRequestByThreeWay',
        ],
        Resource: 'arn:aws:codecommit:eu-west-1:111122223333:app',
        Condition: { ArnNotEquals: { 'aws:PrincipalArn': principal } },
      },
    ],
  };
}

const ofUser = toDocument(`arn:aws:iam::111122223333:user/codecommit-mirror/${user}`);
const made = { name, path: '/codecommit-mirror/', tag: 'acme/app:eu-west-1/app', attachedTo: [] };

describe('setup --protect', () => {
  it('makes a policy that denies all but the user of the mirror, attaches it to nobody, and says how to', async () => {
    const first = await world.setupHere({ protect: true });
    expect(first.exitCode, first.output).toBe(0);
    const { policies, users } = world.aws.state;
    expect([...policies]).toEqual([[arn, { ...made, default: 'v1', versions: new Map([['v1', ofUser]]) }]]);
    // The user of the mirror has no more than without it.
    expect([...(users.get(user)?.policies.keys() ?? [])]).toEqual(['codecommit-eu-west-1-app']);
    expect(first.output).toContain(JSON.stringify(ofUser, undefined, 2));
    expect(first.output).toContain(`aws iam attach-group-policy --group-name <group> --policy-arn ${arn}`);
    expect(first.output).toMatch(/it is attached to|attaches it\s+to nobody/);

    world.takeWrites();
    const second = await world.setupHere({ protect: true });
    expect(second.exitCode).toBe(0);
    expect(second.output).toContain('attached to nobody: it denies nothing yet');
    expect(world.takeWrites()).toEqual([]);
  });

  it('excepts the role with --oidc, and a user that was there before by its own path', async () => {
    expect(await world.setupHere({ protect: true, oidc: true })).toMatchObject({ exitCode: 0 });
    const ofRole = toDocument(`arn:aws:iam::111122223333:role/codecommit-mirror/${user}`);
    expect(world.aws.state.policies.get(arn)?.versions).toEqual(new Map([['v1', ofRole]]));

    world.aws.state.users.set('ci', {
      name: 'ci',
      path: '/team/',
      policies: new Map(),
      keys: [],
      tags: new Map(),
    });
    expect(await world.setupHere({ protect: true, user: 'ci', adopt: true })).toMatchObject({ exitCode: 0 });
    // The old text goes: nothing of it is left for anybody to switch back to.
    expect(world.aws.state.policies.get(arn)).toMatchObject({
      default: 'v2',
      versions: new Map([['v2', toDocument('arn:aws:iam::111122223333:user/team/ci')]]),
    });
  });

  it('prints the policy also with --dry-run, and where IAM does not let us see it', async () => {
    const dry = await world.setupHere({ protect: true, dryRun: true });
    expect(dry.exitCode).toBe(0);
    world.aws.faults['iam:GetPolicy'] = { status: 403, code: 'AccessDenied' };
    const denied = await world.setupHere({ protect: true });
    expect(denied.exitCode).toBe(1);
    expect(denied.output).toContain('iam:GetPolicy');
    for (const { output } of [dry, denied]) expect(output).toContain(JSON.stringify(ofUser, undefined, 2));
    expect(world.takeWrites()).toEqual([]);
  });
});

describe('setup --remove', () => {
  it('removes the policy with every version of it', async () => {
    expect(await world.setupHere({ protect: true })).toMatchObject({ exitCode: 0 });
    const policy = world.aws.state.policies.get(arn);
    // As an interrupted change leaves it.
    policy?.versions.set('v2', ofUser);
    expect(await world.setupHere({ remove: true, write: true })).toMatchObject({ exitCode: 0 });
    expect(world.aws.state.policies).toEqual(new Map());
  });

  it('leaves one that is attached, and says who has to detach it', async () => {
    expect(await world.setupHere({ protect: true })).toMatchObject({ exitCode: 0 });
    const before = structuredClone(world.aws.state.policies.get(arn));
    world.aws.state.policies.get(arn)?.attachedTo.push('arn:aws:iam::111122223333:user/ada');
    const { exitCode, output } = await world.setupHere({ remove: true, write: true });
    expect(exitCode).toBe(1);
    expect(output).toContain(`IAM policy ${name}: attached once: detach it`);
    expect(world.aws.state.policies.get(arn)).toEqual({
      ...before,
      attachedTo: ['arn:aws:iam::111122223333:user/ada'],
    });
    expect([...world.aws.state.users.keys()]).toEqual([]);
  });
});
