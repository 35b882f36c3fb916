import { describe, expect, it } from 'vitest';
import { signLogin } from '../../../src/remote/https/sigv4';

/** The vector of git-remote-codecommit's own tests. */
const keys = { accessKeyId: 'access', secretAccessKey: 'secret' };
const place = {
  host: 'git-codecommit.us-west-2.amazonaws.com',
  path: '/v1/repos/test_repo',
  region: 'us-west-2',
};
const time = new Date('2017-12-24T11:53:20Z');
const password = '20171224T115320Zb6df2d758a8023b2f000a546417007b65494f3ce8ad0300fd45fcfa173f1959a';

describe('the login for a repository', () => {
  it('is what AWS signs', () => {
    expect(signLogin(keys, place, time)).toEqual({ username: 'access', password });
  });

  it('carries the session token in the user name, raw and unsigned', () => {
    const sessionToken = 'a+token/with=signs';
    expect(signLogin({ ...keys, sessionToken }, place, time)).toEqual({
      username: 'access%a+token/with=signs',
      password,
    });
  });

  it('leaves fractions of a second out', () => {
    expect(signLogin(keys, place, new Date(time.getTime() + 999)).password).toBe(password);
  });

  it.each([
    ['secret', { ...keys, secretAccessKey: 'other' }, place, time],
    ['host', keys, { ...place, host: `${place.host}:8443` }, time],
    ['path', keys, { ...place, path: '/v1/repos/other' }, time],
    ['region', keys, { ...place, region: 'us-west-1' }, time],
    ['day', keys, place, new Date('2017-12-25T11:53:20Z')],
  ])('is another one for another %s', (_what, ...signed) => {
    expect(signLogin(...signed).password.slice(-64)).not.toBe(password.slice(-64));
  });
});
