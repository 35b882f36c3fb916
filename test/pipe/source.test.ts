import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { collectFaults, orThrow } from '../../src/faults';
import { isSameRepository, parseSourceProxy, parseSourceUrl } from '../../src/pipe/source';
import { faultsOf } from './faultsOf';

describe('SOURCE_URL', () => {
  test.each([
    ['http://bitbucket.org/w/r', 'http://bitbucket.org/w/r', undefined],
    ['HTTPS://Example.org:8443/w/r.git', 'https://example.org:8443/w/r.git', undefined],
    [
      'https://me:p%40ss:word@example.org/w/r',
      'https://example.org/w/r',
      { username: 'me', password: 'p@ss:word' },
    ],
    ['https://token@example.org/w/r', 'https://example.org/w/r', { username: 'token', password: '' }],
    ['https://me:a@b@example.org/w/r', 'https://example.org/w/r', { username: 'me', password: 'a@b' }],
    ['https://example.org/w/a%20b', 'https://example.org/w/a%20b', undefined],
    ['ssh://git@[::1]:2222/w/r', 'ssh://git@[::1]:2222/w/r', undefined],
    ['ssh://example.org/w/r', 'ssh://example.org/w/r', undefined],
    ['file:///srv/my repo.git', 'file:///srv/my repo.git', undefined],
    ['/srv/repo.git', '/srv/repo.git', undefined],
  ])('%s', (value, url, credentials) => {
    expect(orThrow((faults) => parseSourceUrl(value, faults))).toEqual({ url, credentials });
  });

  test.each([
    ['ext::sh -c touch% /tmp/x', 'is neither a URL nor an absolute path'],
    ['ext://sh', 'has an unsupported scheme'],
    ['git://example.org/r', 'has an unsupported scheme'],
    ['git@example.org:w/r', 'is neither a URL nor an absolute path'],
    ['--upload-pack=x', 'is neither a URL nor an absolute path'],
    ['repo.git', 'is neither a URL nor an absolute path'],
    ['//host/share', 'is neither a URL nor an absolute path'],
    ['file://host/r', 'is neither a URL nor an absolute path'],
    ['/srv/a\nb', 'contains a control character'],
    ['https:///r', 'has no valid host name'],
    ['https://-x/r', 'has no valid host name'],
    ['https://example.org:99999/r', 'has no valid port'],
    ['https://example.org', 'has no valid path'],
    ['https://example.org/r?x', 'contains a ? or #'],
    ['https://example.org/$REPO', 'contains a $: a variable in it was not replaced by its value'],
    ['https://@example.org/r', 'contains a user or password that is not correctly encoded'],
    ['ssh://-oProxyCommand=x@example.org/r', 'has no valid user name'],
  ])('%s is a fault', (value, what) => {
    expect(faultsOf((faults) => parseSourceUrl(value, faults))).toEqual([
      `SOURCE_URL | SOURCE_URL is ${JSON.stringify(value.replace(/^.*@/s, '***@'))}: it ${what}.`,
    ]);
  });

  test.each([
    'ssh://me:hunter2@example.org/r',
    'https://me:hunter2@/r',
    'https://me:%zz-hunter2@example.org/r',
    'ftp://me:hunter2@example.org/r',
  ])('%s is a fault that does not quote the password', (value) => {
    const [fault] = faultsOf((faults) => parseSourceUrl(value, faults));
    expect(fault).toContain('"***@');
    expect(fault).not.toContain('hunter2');
  });

  it('of any form is a fault, or a URL without a password, that runs nothing and reads the same again', () => {
    const piece = fc.constantFrom(
      'https://',
      'ssh://',
      'file://',
      'ext::',
      '-',
      '@',
      ':',
      '/',
      '%',
      'a',
      'example.org',
      '[::1]',
      '\n',
      '?',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const { url } = parseSourceUrl(pieces.join(''), collectFaults()) ?? {};
        if (url === undefined) return;
        expect(url).toMatch(/^(https?:\/\/|ssh:\/\/|file:\/\/\/|\/(?!\/))/);
        expect(/^(?:https?|ssh):\/\/([^/]*)/.exec(url)?.[1] ?? '').not.toMatch(/^-|:.*@/);
        expect(orThrow((faults) => parseSourceUrl(url, faults))).toEqual({ url, credentials: undefined });
      }),
      { numRuns: 2000 },
    );
  });
});

describe('SOURCE_PROXY', () => {
  test.each(['http://host.docker.internal:29418', 'http://[::1]:3128', 'socks5h://127.0.0.1:1080'])(
    '%s',
    (proxy) => {
      expect(orThrow((faults) => parseSourceProxy(proxy, faults))).toEqual({ url: proxy });
      expect(orThrow((faults) => parseSourceProxy(`${proxy}/`, faults))).toEqual({ url: proxy });
    },
  );

  test.each([
    ['proxy:3128', 'it is not the URL of a proxy'],
    ['ssh://proxy:3128', 'it is not the URL of a proxy'],
    ['http://proxy:3128/x', 'a proxy has no path'],
    ['http://:3128', 'it has no valid host name'],
    ['http://proxy:x', 'it has no valid port'],
  ])('%s is a fault', (value, what) => {
    expect(faultsOf((faults) => parseSourceProxy(value, faults))).toEqual([
      `SOURCE_PROXY | SOURCE_PROXY is ${JSON.stringify(value)}: ${what}.`,
    ]);
  });

  test.each([
    ['http://me:p%40ss@proxy:3128', { username: 'me', password: 'p@ss' }],
    ['http://me@proxy:3128', { username: 'me', password: '' }],
  ])('%s has its login apart', (value, login) => {
    expect(orThrow((faults) => parseSourceProxy(value, faults))).toEqual({ url: 'http://proxy:3128', login });
  });

  test.each([
    ['http://@proxy:3128', '***@proxy:3128'],
    ['http://me:%zz@proxy:3128', '***@proxy:3128'],
  ])('%s is a fault, and its password is not quoted', (value, quoted) => {
    expect(faultsOf((faults) => parseSourceProxy(value, faults))).toEqual([
      `SOURCE_PROXY | SOURCE_PROXY is "${quoted}": it contains a user or password that is not correctly encoded.`,
    ]);
  });
});

it('one repository may have two URLs', () => {
  const url = 'http://bitbucket.org/w/r';
  expect(
    [url, `${url}/`, `${url}.git`, `${url}2`, 'https://bitbucket.org/w/r'].map((each) =>
      isSameRepository(url, each),
    ),
  ).toEqual([true, true, true, false, false]);
});
