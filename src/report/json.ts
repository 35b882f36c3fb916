import type { MirrorError } from '../errors';
import { type Outcome, type RefOutcome, toAllRefs } from '../push/outcome';
import { toPieces } from '../sequence';

/** What a report is made of; `outcome` is undefined when the run failed before anything can be said of refs. */
export interface ReportParts {
  readonly toolVersion: string;
  readonly startedAt: Date;
  readonly exitCode: number;
  readonly timings: Readonly<Record<string, number>>;
  readonly outcome: Outcome | undefined;
  readonly error: MirrorError | undefined;
  readonly clean: (text: string) => string;
}

/** The JSON report, version 1 (docs/report.md has its fields), in pieces, without secrets or control characters. */
export function toJsonReport({
  toolVersion,
  startedAt,
  exitCode,
  timings,
  outcome,
  error,
  clean,
}: ReportParts): Generator<string> {
  const failure = error ?? outcome?.failure;
  const before = {
    version: 1,
    tool: `codecommit-mirror ${toolVersion}`,
    startedAt: startedAt.toISOString(),
    verdict: outcome?.verdict ?? 'failed',
    exitCode,
    source: outcome?.source ?? null,
    destination: outcome?.destination ?? null,
    sourceAsked: outcome !== undefined && !outcome.fallback,
    bytesSent: outcome?.bytes ?? 0,
    seconds: timings,
  };
  const after = {
    lfs: outcome?.lfs ?? null,
    error:
      failure === undefined ? null : { code: failure.code, message: failure.message, remedy: failure.remedy },
  };
  const refs = outcome === undefined ? [] : toAllRefs(outcome);
  return toJsonDocument({ before, name: 'refs', refs, after }, clean);
}

const refsInPiece = 1_000;

/** A JSON object: what comes before the refs, the refs, what comes after. */
export function* toJsonDocument(
  {
    before,
    name,
    refs,
    after,
  }: { before: object; name: string; refs: Iterable<RefOutcome>; after: Readonly<Record<string, unknown>> },
  clean: (text: string) => string,
): Generator<string> {
  const cleanText = (_key: string, value: unknown) => (typeof value === 'string' ? clean(value) : value);
  const toText = (value: unknown) => JSON.stringify(value, cleanText, 2);
  yield `${toText(before).slice(0, -2)},\n  "${name}": [`;
  let isFirst = true;
  for (const some of toPieces(refs, refsInPiece)) {
    const text = toText(some.map(toJsonRef)).slice(1, -2).replaceAll('\n', '\n  ');
    yield isFirst ? text : `,${text}`;
    isFirst = false;
  }
  yield isFirst ? ']' : '\n  ]';
  for (const [key, value] of Object.entries(after))
    yield `,\n  "${key}": ${toText(value).replaceAll('\n', '\n  ')}`;
  yield '\n}\n';
}

function toJsonRef({ ref, status, old, new: wanted, code, reason }: RefOutcome) {
  return {
    ref,
    status,
    old: old ?? null,
    new: wanted ?? null,
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
  };
}
