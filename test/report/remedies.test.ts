import { expect, it, test } from 'vitest';
import * as aws from '../../src/aws/errors';
import { MirrorError } from '../../src/errors';
import { invalid } from '../../src/faults';
import * as git from '../../src/git/errors';
import * as lfs from '../../src/lfs/errors';
import * as mirror from '../../src/mirror/errors';
import { remedies } from '../../src/pipe/remedies';
import * as push from '../../src/push/errors';
import * as destination from '../../src/remote/destinationErrors';
import * as source from '../../src/remote/sourceErrors';
import { countRefs, type Outcome, type RefOutcome } from '../../src/report/outcome';
import { withRemedies, withRemedy } from '../../src/report/remedies';

/** Every error of the core, made of words that say nothing. */
const errors = [aws, git, lfs, mirror, push, destination, source]
  .flatMap((room) => Object.entries(room))
  .map(([name, make]) => [name, (make as (...args: unknown[]) => unknown)(...wordsFor(name))] as const)
  .filter((pair): pair is readonly [string, MirrorError] => pair[1] instanceof MirrorError);

function wordsFor(name: string): unknown[] {
  if (name === 'leaseBroken' || name === 'sourceMoved') return [['refs/heads/main']];
  if (name === 'gitFailed') return ['push', { exitCode: 1, stderr: 'x' }];
  if (name === 'toRefusalError') return [{ because: 'prune-limit', deletions: ['refs/heads/x'] }, 'url', 10];
  return ['x', 'y', 'z'];
}

/** What only one home of the mirror has. SSL_CERT_FILE is of the TLS libraries. */
const ofOneHome =
  /Bitbucket|Pipelines|CodeCommit|codecommit|\bpipe\b|\bLFS: (warn|push|fail)|\b(FORCE|PRUNE|REFS|INCLUDE|EXCLUDE|TIMEOUT|DEBUG|BACKUP)\b|\b(?!SSL_CERT_FILE\b)[A-Z]+_[A-Z_]+\b/;

test.each(errors)('%s is neutral: it names no variable and no product', (_name, { message, remedy }) => {
  expect(message).not.toMatch(ofOneHome);
  expect(remedy).not.toMatch(ofOneHome);
  expect(remedy).toMatch(/\.$/);
});

it('all rooms with errors are looked at', () => {
  expect(errors.length).toBeGreaterThan(30);
});

it('the pipe says what to do in its own terms, and the facts are in it', () => {
  const cause = new Error('cause');
  const facts = { port: 2222 };
  const text = { message: 'It failed.', remedy: 'Neutral.' };
  const error = new MirrorError('destination-unreachable', text, { exitCode: 3, cause, facts });
  expect(withRemedy(error, remedies)).toMatchObject({
    code: 'destination-unreachable',
    message: 'It failed.',
    remedy: 'Check the region in CODECOMMIT_URL, and that port 2222 is open from here.',
    exitCode: 3,
    cause,
  });
  expect(withRemedy(error, undefined)).toBe(error);
});

it('an error without an entry, and faults of variables, stay as they are', () => {
  for (const error of [
    new MirrorError('internal', { message: 'm', remedy: 'r' }),
    invalid('KNOWN_HOSTS', 'm', 'r', 'host-key-contradicted'),
  ])
    expect(withRemedy(error, remedies)).toBe(error);
});

it('a ref that was left alone has the hint, another has none', () => {
  const ref = (more: Partial<RefOutcome>): RefOutcome => ({
    ref: 'refs/heads/main',
    old: 'a',
    new: 'b',
    status: 'kept',
    ...more,
  });
  const refs = [
    ref({ code: 'ref-diverged', reason: 'it has commits' }),
    ref({ reason: 'only there' }),
    ref({ code: 'limit-exceeded', reason: 'too large' }),
    ref({ status: 'refused', code: 'ref-diverged', reason: 'declined' }),
    ref({ status: 'equal' }),
  ];
  const failure = new MirrorError('prune-limit', { message: 'm', remedy: 'r' });
  const outcome: Outcome = {
    verdict: 'not-mirrored',
    refs,
    counts: countRefs(refs),
    bytes: 0,
    fallback: false,
    failure,
  };
  const told = withRemedies(outcome, remedies);
  expect(told.refs.map(({ reason }) => reason)).toEqual([
    'it has commits; FORCE: true overwrites it',
    'only there; PRUNE: true deletes it',
    'too large',
    'declined',
    undefined,
  ]);
  expect(told.failure?.remedy).toContain('PRUNE_LIMIT');
});
