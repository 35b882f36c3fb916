import { describe, expect, it, test } from 'vitest';
import type { AwsKeys } from '../../src/aws/identity';
import { signLogin } from '../../src/remote/https/sigv4';
import { createLoginChecker } from '../../src/sandbox/https/logins';

const region = 'us-east-1';
const place = { host: '127.0.0.1:8443', path: '/v1/repos/app' };
const lasting: AwsKeys = { accessKeyId: 'AKIA', secretAccessKey: 'secret' };
const temporary: AwsKeys = { accessKeyId: 'ASIA', secretAccessKey: 'other', sessionToken: 'to/k+en==' };
const now = Date.UTC(2026, 0, 31, 12, 0, 0);
const minute = 60_000;

function toAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function sign(keys: AwsKeys, more: { path?: string; region?: string; at?: number } = {}): string {
  const { username, password } = signLogin(keys, { ...place, region, ...more }, new Date(more.at ?? now));
  return toAuthorization(username, password);
}

function createChecker() {
  const checker = createLoginChecker(region, () => now);
  checker.allow(lasting);
  checker.allow(temporary);
  return checker;
}

describe('our CodeCommit lets in over HTTPS', () => {
  test.each([
    ['a lasting key', sign(lasting)],
    ['a temporary key with its token', sign(temporary)],
    ['what was signed 15 minutes ago', sign(lasting, { at: now - 15 * minute })],
  ])('%s', (_what, authorization) => {
    const checker = createChecker();
    expect(checker.check(authorization, place)).toBe(true);
    expect(checker.check(authorization, place)).toBe(true);
    expect(checker.passwords).toHaveLength(1);
  });

  test.each([
    ['an unknown key', sign({ ...lasting, accessKeyId: 'AKIB' })],
    ['another secret', sign({ ...lasting, secretAccessKey: 'guess' })],
    ['a temporary key without its token', sign({ ...temporary, sessionToken: undefined })],
    ['a temporary key with another token', sign({ ...temporary, sessionToken: 'old' })],
    ['a lasting key with a token', sign({ ...lasting, sessionToken: 'token' })],
    ['a login for another repository', sign(lasting, { path: '/v1/repos/other' })],
    ['a login for another region', sign(lasting, { region: 'eu-west-1' })],
    ['what was signed longer ago', sign(lasting, { at: now - 15 * minute - 1000 })],
    ['what will be signed', sign(lasting, { at: now + 15 * minute + 1000 })],
    ['a secret as it is', toAuthorization('AKIA', 'secret')],
    ['a time that is none', toAuthorization('AKIA', `20261399T000000Z${'0'.repeat(64)}`)],
    ['another scheme', sign(lasting).replace('Basic', 'Bearer')],
    ['nothing', ''],
  ])('not %s', (_what, authorization) => {
    const checker = createChecker();
    expect(checker.check(authorization, place)).toBe(false);
    expect(checker.passwords).toEqual([]);
  });

  it('not what a test has declared expired', () => {
    const checker = createChecker();
    checker.expire(new Date(now));
    expect(checker.check(sign(lasting, { at: now - 1000 }), place)).toBe(false);
    expect(checker.check(sign(lasting), place)).toBe(true);
  });
});
