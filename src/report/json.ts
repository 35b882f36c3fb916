import type { MirrorError } from '../errors';
import type { RefOutcome } from './outcome';
import { type Result, toCommonExitCode, toCommonVerdict, toResultExitCode } from './result';

/** The contents of a report. */
export interface ReportParts {
  readonly toolVersion: string;
  readonly startedAt: Date;
  /** Of the whole run, with several destinations. */
  readonly seconds: number;
  /** The URL, without secrets; undefined if it is not known. */
  readonly source: string | undefined;
  /** One for each destination. */
  readonly results: readonly Result[];
  readonly clean: Clean;
}

/** Removes secrets and control characters. Not used for ref names and object IDs, which stay unchanged. */
type Clean = (text: string) => string;

/** Refs per piece of a report. There may be hundreds of thousands, so a report is never kept as one text. */
const refsInPiece = 1_000;

/**
 * The JSON report (docs/report.md has its fields), in pieces: version 1 for one destination. For several, version 2 has
 * a list with the same fields for each of them.
 */
export function* toJsonReport(parts: ReportParts): Generator<string> {
  const { toolVersion, startedAt, results, source, clean } = parts;
  const start = { tool: `codecommit-mirror ${toolVersion}`, startedAt: startedAt.toISOString() };
  const [only, ...more] = results.map((result) => toJsonResult(result, source, clean));
  if (only !== undefined && more.length === 0) {
    yield* toPieces({ version: 1, ...start, ...only }, [results[0]?.outcome?.refs ?? []], clean);
    return;
  }
  const document = {
    version: 2,
    ...start,
    verdict: toCommonVerdict(results),
    exitCode: toCommonExitCode(results),
    source: source === undefined ? null : clean(source),
    seconds: { total: parts.seconds },
    destinations: [only, ...more],
  };
  yield* toPieces(
    document,
    results.map(({ outcome }) => outcome?.refs ?? []),
    clean,
  );
}

/** The text of a document, each of whose fields `refs` is empty, with these refs in them. */
function* toPieces(
  document: object,
  lists: readonly (readonly RefOutcome[])[],
  clean: Clean,
): Generator<string> {
  const [first = '', ...rest] = JSON.stringify(document, undefined, 2).split('"refs": []');
  yield first;
  for (const [list, refs] of lists.entries()) {
    const indent = lists.length === 1 ? '  ' : '      ';
    yield '"refs": [';
    for (let index = 0; index < refs.length; index += refsInPiece) {
      const piece = toJsonRefs(refs.slice(index, index + refsInPiece), clean);
      const lines = piece.map((ref) => `\n${indent}  ${JSON.stringify(ref)}`);
      yield `${index === 0 ? '' : ','}${lines.join(',')}`;
    }
    yield `${refs.length === 0 ? '' : `\n${indent}`}]${rest[list] ?? ''}`;
  }
  yield '\n';
}

/** The part of a report about one destination, without its refs. */
function toJsonResult(result: Result, source: string | undefined, clean: Clean) {
  const { outcome, error } = result;
  const failure = error ?? outcome?.failure;
  const lfs = outcome?.lfs;
  return {
    verdict: outcome?.verdict ?? 'failed',
    exitCode: toResultExitCode(result),
    source: source === undefined ? null : clean(source),
    destination: result.destination === undefined ? null : clean(result.destination),
    sourceAsked: outcome !== undefined && !outcome.fallback,
    bytesSent: outcome?.bytes ?? 0,
    seconds: result.seconds,
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
