import { expect, test } from 'vitest';
import { countRefs, type Outcome, type RefOutcome } from '../../src/push/outcome';
import { toJsonReport } from '../../src/report/json';
import { Sequence } from '../../src/sequence';

const oid = 'a'.repeat(40);

function write(refs: readonly RefOutcome[]): string {
  const about = { source: 'https://source', destination: 'ssh://destination', bytes: 7, fallback: false };
  const outcomes = { backups: new Sequence<RefOutcome>(() => []), refs: new Sequence(() => refs) };
  const outcome: Outcome = { verdict: 'mirrored', ...outcomes, counts: countRefs(outcomes), ...about };
  const clean = (text: string) => text.replace('secret', '***');
  const parts = { toolVersion: '1.0.0', startedAt: new Date(0), exitCode: 0, timings: { look: 0.5 } };
  return [...toJsonReport({ ...parts, outcome, error: undefined, clean })].join('');
}

function toRefs(count: number): RefOutcome[] {
  return Array.from({ length: count }, (_, index) => ({
    ref: `refs/heads/secret-${index}`,
    old: oid,
    new: oid,
    status: 'equal',
  }));
}

test.each([0, 1, 2, 999, 1_000, 1_001, 2_500])('a report of %i refs is one JSON document', (count) => {
  const text = write(toRefs(count));
  const report = JSON.parse(text);
  expect(text).toBe(`${JSON.stringify(report, undefined, 2)}\n`);
  expect(report).toEqual({
    version: 1,
    tool: 'codecommit-mirror 1.0.0',
    startedAt: '1970-01-01T00:00:00.000Z',
    verdict: 'mirrored',
    exitCode: 0,
    source: 'https://source',
    destination: 'ssh://destination',
    sourceAsked: true,
    bytesSent: 7,
    seconds: { look: 0.5 },
    refs: toRefs(count).map((_ref, index) => ({
      ref: `refs/heads/***-${index}`,
      status: 'equal',
      old: oid,
      new: oid,
    })),
    lfs: null,
    error: null,
  });
  expect(text).not.toContain('secret');
});
