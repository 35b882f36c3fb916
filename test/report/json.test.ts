import { expect, test } from 'vitest';
import { connectionDropped } from '../../src/remote/destinationErrors';
import { toJsonReport } from '../../src/report/json';
import { countRefs, type RefOutcome } from '../../src/report/outcome';
import type { Result } from '../../src/report/result';

const oid = 'a'.repeat(40);
const parts = {
  toolVersion: '1.0.0',
  startedAt: new Date(0),
  seconds: 0.75,
  source: 'https://source',
  clean: (text: string) => text.replaceAll('secret', '***'),
};

/** How the mirror to one destination ended. */
const toResult = (ended: Pick<Result, 'outcome' | 'error'>): Result => ({
  name: 'destination',
  destination: 'ssh://destination',
  seconds: { look: 0.5 },
  ...ended,
});

test('a report has every ref, cleans prose, and leaves names and object IDs as they are', () => {
  const refs: RefOutcome[] = [
    { ref: 'refs/heads/secret', old: oid, new: oid, status: 'equal' },
    { ref: 'refs/heads/x', old: oid, new: undefined, status: 'deleted', lost: [oid] },
    { ref: 'refs/heads/y', old: oid, new: oid, status: 'refused', code: 'ref-declined', reason: 'a secret' },
  ];
  const failure = connectionDropped('ssh://secret', 'the secret');
  const about = { verdict: 'not-mirrored', bytes: 7, fallback: false } as const;
  const outcome = { ...about, refs, counts: countRefs(refs), failure };
  expect(JSON.parse([...toJsonReport({ ...parts, results: [toResult({ outcome })] })].join(''))).toEqual({
    version: 1,
    tool: 'codecommit-mirror 1.0.0',
    startedAt: '1970-01-01T00:00:00.000Z',
    verdict: 'not-mirrored',
    exitCode: 1,
    source: 'https://source',
    destination: 'ssh://destination',
    sourceAsked: true,
    bytesSent: 7,
    seconds: { look: 0.5 },
    refs: [
      { ref: 'refs/heads/secret', status: 'equal', old: oid, new: oid },
      { ref: 'refs/heads/x', status: 'deleted', old: oid, new: null, lost: [oid] },
      {
        ref: 'refs/heads/y',
        status: 'refused',
        old: oid,
        new: oid,
        code: 'ref-declined',
        reason: 'a ***',
      },
    ],
    lfs: null,
    error: {
      code: 'connection-dropped',
      message: 'The connection to ssh://*** was dropped: the ***',
      remedy: failure.remedy,
    },
  });
});

test('a run that failed before its plan has a report with source, destination and the error', () => {
  const error = connectionDropped('ssh://destination', 'closed');
  expect(JSON.parse([...toJsonReport({ ...parts, results: [toResult({ error })] })].join(''))).toMatchObject({
    verdict: 'failed',
    source: 'https://source',
    destination: 'ssh://destination',
    sourceAsked: false,
    refs: [],
    error: { code: 'connection-dropped' },
  });
});

test.each([1, 999, 1_000, 1_001, 2_500])('a report of %i refs has all of them', (count) => {
  const refs = Array.from(
    { length: count },
    (_, index): RefOutcome => ({
      ref: `refs/heads/${index}`,
      old: oid,
      new: oid,
      status: 'equal',
    }),
  );
  const outcome = {
    verdict: 'already-equal',
    bytes: 0,
    fallback: false,
    refs,
    counts: countRefs(refs),
  } as const;
  const report = JSON.parse([...toJsonReport({ ...parts, results: [toResult({ outcome })] })].join(''));
  expect(report.refs).toEqual(refs);
});
