import { describe, expect, it } from 'vitest';
import { awsFailed } from '../../src/aws/failures';

describe('an error of the network', () => {
  it.each([
    ['ETIMEDOUT', "AWS can't be reached"],
    ['ENETUNREACH', "AWS can't be reached"],
    ['EPROTO', "AWS can't be reached"],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'The certificate of the AWS endpoint is not trusted'],
  ])('%s is no refusal', (code, what) => {
    const failure = awsFailed('iam:GetUser', Object.assign(new Error('it failed'), { code }));
    expect(failure.code).toBe('setup-aws-unreachable');
    expect(failure.message).toBe(`${what} (iam:GetUser, ${code}): it failed`);
    expect(failure.remedy.includes('NODE_EXTRA_CA_CERTS')).toBe(code.includes('CERT'));
  });

  it('nor is what lies behind an error of the SDK', () => {
    const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    expect(awsFailed('x', new AggregateError([], 'all failed', { cause })).code).toBe(
      'setup-aws-unreachable',
    );
  });
});
