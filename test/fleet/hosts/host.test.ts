import { describe, expect, it } from 'vitest';
import { parseIdentity, toAuthority, toCloneUrl, toTime } from '../../../src/fleet/hosts/host';

describe('the URL for git', () => {
  const secure = 'https://git.example.com/api/v4';
  it.each([
    ['https://git.example.com/a/b.git', secure, 'https://git.example.com/a/b.git'],
    ['https://ada@bitbucket.org/a/b.git', secure, 'https://bitbucket.org/a/b.git'],
    ['https://ada:secret@bitbucket.org/a/b.git', secure, 'https://bitbucket.org/a/b.git'],
    // Behind a proxy that speaks TLS for it: git's token must not go in clear.
    ['http://git.example.com/a/b.git', secure, 'https://git.example.com/a/b.git'],
    ['http://127.0.0.1:8080/a/b.git', 'http://127.0.0.1:8080/api/v4', 'http://127.0.0.1:8080/a/b.git'],
    ['ext::sh -c id', secure, undefined],
    ['file:///etc', secure, undefined],
    ['ssh://git@git.example.com/a/b', secure, undefined],
    ['git@git.example.com:a/b', secure, undefined],
    ['--upload-pack=id', secure, undefined],
    ['http://[::', secure, undefined],
    ['', secure, undefined],
  ])('%s asked at %s is %s', (href, base, expected) => {
    expect(toCloneUrl(href, base)).toBe(expected);
  });
});

it('an identity belongs to one authority', () => {
  expect(parseIdentity('github.com#123', 'github.com')).toBe('123');
  for (const identity of ['github.com#', 'github.com', 'github.com.evil#1', 'evil#github.com#1', ''])
    expect(() => parseIdentity(identity, 'github.com')).toThrow(RangeError);
});

it('an authority is what tells one installation from another', () => {
  expect(toAuthority('https://git.example.com/')).toBe('git.example.com');
  expect(toAuthority('https://Git.Example.com:8443/bitbucket//')).toBe('git.example.com:8443/bitbucket');
});

it('a time that is none is left out', () => {
  expect(toTime('2026-11-26T12:00:00Z')).toEqual(new Date(Date.UTC(2026, 10, 26, 12)));
  for (const text of [undefined, null, '', 'soon']) expect(toTime(text)).toBeUndefined();
});
