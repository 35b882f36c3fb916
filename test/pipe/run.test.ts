import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { orThrow } from '../../src/faults';
import { isRefName } from '../../src/git/refName';
import { parseRun } from '../../src/pipe/run';
import { faultsOf } from './faultsOf';

const commit = 'c4f1ec1c2bd6a42f1b4f3cfa9b7a6bb0a2c2f4b1';
const none = { kind: 'none', ref: undefined, commit: undefined, cloneDir: undefined, httpOrigin: undefined };

describe('a run', () => {
  test.each([
    ['none', {}, none],
    [
      'none, with empty variables',
      { BITBUCKET_BRANCH: '', BITBUCKET_COMMIT: '', BITBUCKET_SSH_KEY_FILE: '/x' },
      none,
    ],
    [
      'branch',
      { BITBUCKET_BRANCH: 'feature/x', BITBUCKET_COMMIT: commit },
      { ...none, kind: 'branch', ref: 'refs/heads/feature/x', commit },
    ],
    [
      'tag',
      { BITBUCKET_TAG: 'v1.0', BITBUCKET_COMMIT: commit },
      { ...none, kind: 'tag', ref: 'refs/tags/v1.0', commit },
    ],
    [
      'pull request',
      { BITBUCKET_BRANCH: 'fix', BITBUCKET_PR_ID: '7', BITBUCKET_COMMIT: commit.slice(0, 12) },
      { ...none, kind: 'pull-request', ref: 'refs/heads/fix', commit: commit.slice(0, 12) },
    ],
    ['commit', { BITBUCKET_COMMIT: commit }, { ...none, kind: 'commit', commit }],
    [
      'clone and origin',
      { BITBUCKET_CLONE_DIR: '/c', BITBUCKET_GIT_HTTP_ORIGIN: 'http://bitbucket.org/w/r' },
      { ...none, kind: 'commit', cloneDir: '/c', httpOrigin: 'http://bitbucket.org/w/r' },
    ],
    ['clone, relative', { BITBUCKET_CLONE_DIR: 'c' }, { ...none, cloneDir: '/here/c' }],
  ])('%s', (_what, env, run) => {
    expect(orThrow((faults) => parseRun(env, '/here', faults))).toEqual(run);
  });

  test.each([
    [
      { BITBUCKET_BRANCH: '--upload-pack=x' },
      'BITBUCKET_BRANCH is "--upload-pack=x": it is not a valid ref name for git.',
    ],
    [{ BITBUCKET_BRANCH: 'a:b' }, 'BITBUCKET_BRANCH is "a:b": it is not a valid ref name for git.'],
    [{ BITBUCKET_TAG: 'a..b' }, 'BITBUCKET_TAG is "a..b": it is not a valid ref name for git.'],
    [{ BITBUCKET_COMMIT: 'HEAD' }, 'BITBUCKET_COMMIT is "HEAD": it is not a valid commit hash.'],
    [
      { BITBUCKET_GIT_HTTP_ORIGIN: 'file:///etc' },
      'BITBUCKET_GIT_HTTP_ORIGIN is "file:///etc": it is not an http:// URL.',
    ],
  ])('%j is a fault', (env, message) => {
    expect(
      faultsOf((faults) => parseRun(env, '/', faults)).map((fault) => fault.replace(/^\w+ \| /, '')),
    ).toEqual([message]);
  });
});

it('ref names are those that git allows', () => {
  const piece = fc.constantFrom(
    'a',
    'B',
    '/',
    '.',
    '..',
    '@',
    '@{',
    '{',
    '.lock',
    '-',
    '~',
    '^',
    ':',
    '?',
    '*',
    '[',
    '\\',
    ' ',
    '\u007f',
    '\t',
    'ü',
  );
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), (pieces) => {
      const ref = `refs/heads/${pieces.join('')}`;
      expect(isRefName(ref)).toBe(spawnSync('git', ['check-ref-format', ref]).status === 0);
    }),
    { numRuns: 200 },
  );
  expect(['main', 'refs/', 'refs', ''].map(isRefName)).toEqual([false, false, false, false]);
});
