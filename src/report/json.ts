import type { MirrorError } from '../errors';
import type { Outcome, RefOutcome } from '../push/verify';

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

/**
 * The JSON report, version 1 (docs/report.md has its fields), without secrets or control characters: in pieces, as
 * there may be more refs than should stand in memory twice.
 */
export function* toJsonReport({
  toolVersion,
  startedAt,
  exitCode,
  timings,
  outcome,
  error,
  clean,
}: ReportParts): Generator<string> {
  const failure = error ?? outcome?.failure;
  const cleanText = (_key: string, value: unknown) => (typeof value === 'string' ? clean(value) : value);
  const toText = (value: unknown) => JSON.stringify(value, cleanText, 2);
  const beforeRefs = {
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
  const afterRefs = {
    lfs: outcome?.lfs ?? null,
    error:
      failure === undefined ? null : { code: failure.code, message: failure.message, remedy: failure.remedy },
  };
  // One document of three: the first without its closing brace, the last without its opening one.
  yield `${toText(beforeRefs).slice(0, -2)},\n  "refs": [`;
  yield* toPieces(outcome?.refs ?? [], (refs) =>
    toText(toJsonRefs(refs)).slice(1, -2).replaceAll('\n', '\n  '),
  );
  yield `],${toText(afterRefs).slice(1)}\n`;
}

const refsInPiece = 1_000;

/** The items of a JSON array in pieces, with the line ends around them. */
function* toPieces<T>(items: readonly T[], toText: (piece: readonly T[]) => string): Generator<string> {
  for (let start = 0; start < items.length; start += refsInPiece) {
    if (start > 0) yield ',';
    yield toText(items.slice(start, start + refsInPiece));
  }
  if (items.length > 0) yield '\n  ';
}

/** Refs as every document of ours has them. */
export function toJsonRefs(refs: readonly RefOutcome[]) {
  return refs.map(({ ref, status, old, new: wanted, code, reason }) => ({
    ref,
    status,
    old: old ?? null,
    new: wanted ?? null,
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason }),
  }));
}
