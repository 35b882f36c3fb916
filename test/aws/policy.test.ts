import { describe, expect, it } from 'vitest';
import { isSamePolicy, toGitPolicy } from '../../src/aws/policy';

describe('the policy', () => {
  it.each([
    ['eu-west-1', 'arn:aws:codecommit:eu-west-1:1:app'],
    ['cn-north-1', 'arn:aws-cn:codecommit:cn-north-1:1:app'],
    ['us-gov-east-1', 'arn:aws-us-gov:codecommit:us-gov-east-1:1:app'],
  ])('names the repository in the partition of %s', (region, arn) => {
    const policy = toGitPolicy({ region, name: 'app' }, '1');
    expect(policy['Statement']).toEqual([
      { Effect: 'Allow', Action: ['codecommit:GitPull', 'codecommit:GitPush'], Resource: arn },
    ]);
    expect(isSamePolicy(JSON.parse(JSON.stringify(policy)), policy)).toBe(true);
  });
});
