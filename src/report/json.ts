import type { MirrorError } from '../errors';
import type { Outcome, RefOutcome } from './outcome';

/** The contents of a report. `outcome` is undefined if the run failed before it had a plan. */
export interface ReportParts {
  readonly toolVersion: string;
  readonly startedAt: Date;
  readonly exitCode: number;
  readonly timings: Readonly<Record<string, number>>;
  /** URLs without secrets; undefined if the configuration is invalid. */
  readonly source: string | undefined;
  readonly destination: string | undefined;
  readonly outcome: Outcome | undefined;
  readonly error: MirrorError | undefined;
  readonly clean: Clean;
}

/** Removes secrets and control characters. Not used for ref names and object IDs, which stay unchanged. */
type Clean = (text: string) => string;

/** Refs per piece of a report. There may be hundreds of thousands, so a report is never kept as one text. */
const refsInPiece = 1_000;

/** The JSON report, version 1 (docs/report.md has its fields), in pieces. */
export function* toJsonReport(parts: ReportParts): Generator<string> {
  const { outcome, clean } = parts;
  const [before, after] = JSON.stringify(toFrame(parts), undefined, 2).split('"refs": []');
  yield `${before}"refs": [`;
  const refs = outcome?.refs ?? [];
  for (let index = 0; index < refs.length; index += refsInPiece) {
    const piece = toJsonRefs(refs.slice(index, index + refsInPiece), clean);
    const lines = piece.map((ref) => `\n    ${JSON.stringify(ref)}`);
    yield `${index === 0 ? '' : ','}${lines.join(',')}`;
  }
  yield `${refs.length === 0 ? '' : '\n  '}]${after}\n`;
}

/** The report without its refs. */
function toFrame(parts: ReportParts) {
  const { toolVersion, startedAt, exitCode, timings, outcome, clean } = parts;
  const failure = parts.error ?? outcome?.failure;
  const lfs = outcome?.lfs;
  return {
    version: 1,
    tool: `codecommit-mirror ${toolVersion}`,
    startedAt: startedAt.toISOString(),
    verdict: outcome?.verdict ?? 'failed',
    exitCode,
    source: parts.source === undefined ? null : clean(parts.source),
    destination: parts.destination === undefined ? null : clean(parts.destination),
    sourceAsked: outcome !== undefined && !outcome.fallback,
    bytesSent: outcome?.bytes ?? 0,
    seconds: timings,
    refs: [],
    lfs: lfs === undefined ? null : { ...lfs, paths: lfs.paths.map(clean) },
    error: failure === undefined ? null : toJsonError(failure, clean),
  };
}

export function toJsonText(document: object): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

export function toJsonRefs(refs: readonly RefOutcome[], clean: Clean) {
  return refs.map(({ ref, status, old, new: wanted, lost, code, reason }) => ({
    ref,
    status,
    old: old ?? null,
    new: wanted ?? null,
    ...(lost === undefined ? {} : { lost }),
    ...(code === undefined ? {} : { code }),
    ...(reason === undefined ? {} : { reason: clean(reason) }),
  }));
}

function toJsonError({ code, message, remedy }: MirrorError, clean: Clean) {
  return { code, message: clean(message), remedy: clean(remedy) };
}
