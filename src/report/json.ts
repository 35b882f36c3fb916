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

/** The JSON report, version 1 (docs/report.md has its fields), without secrets or control characters. */
export function toJsonReport({
  toolVersion,
  startedAt,
  exitCode,
  timings,
  outcome,
  error,
  clean,
}: ReportParts): string {
  const failure = error ?? outcome?.failure;
  const report = {
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
    refs: toJsonRefs(outcome?.refs ?? []),
    lfs: outcome?.lfs ?? null,
    error:
      failure === undefined ? null : { code: failure.code, message: failure.message, remedy: failure.remedy },
  };
  const cleanText = (_key: string, value: unknown) => (typeof value === 'string' ? clean(value) : value);
  return `${JSON.stringify(report, cleanText, 2)}\n`;
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
