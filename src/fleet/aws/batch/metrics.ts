import type { LambdaProgram } from '../resources/lambdaProgram';
import { type Place, toPlaceName } from '../resources/message';
import type { Verdict } from './verdict';

/** Metrics as lines of the log, which CloudWatch reads by itself (Embedded Metric Format, specification 0). */
export interface Metrics {
  /** Counts a run. */
  run(place: Place, verdict: Verdict, milliseconds: number): void;
  /** Says how a mirror as a whole stands. */
  standing(mirror: string, standing: Standing): void;
}

export interface Standing {
  /** Seconds since both sides of the repository that waits longest were last seen equal. */
  readonly secondsSinceVerified: number;
  readonly repositories: number;
  readonly failing: number;
  readonly blocked: number;
}

type Unit = 'Count' | 'Milliseconds' | 'Seconds';

/**
 * The metrics of a stack; several of them can be in one account. Dimensions are the stack, and the mirror of mirrors.yaml:
 * never a repository, as each combination costs as a metric of its own.
 */
export function openMetrics(stack: string, { stdout, now }: Pick<LambdaProgram, 'stdout' | 'now'>): Metrics {
  function put(
    dimensions: readonly (readonly string[])[],
    units: Readonly<Record<string, Unit>>,
    values: Readonly<Record<string, string | number>>,
  ): void {
    const metrics = Object.entries(units).map(([Name, Unit]) => ({ Name, Unit }));
    const directive = { Namespace: 'codecommit-mirror', Dimensions: dimensions, Metrics: metrics };
    const line = { _aws: { Timestamp: now(), CloudWatchMetrics: [directive] }, Stack: stack, ...values };
    stdout.write(`${JSON.stringify(line)}\n`);
  }
  return {
    run(place, verdict, milliseconds) {
      const count = (isIt: boolean) => (isIt ? 1 : 0);
      const outcome = 'outcome' in verdict ? verdict.outcome : undefined;
      const units = {
        Runs: 'Count',
        Failed: 'Count',
        Blocked: 'Count',
        HandedOver: 'Count',
        ChangedRefs: 'Count',
        RunTime: 'Milliseconds',
      } as const;
      put([['Stack']], units, {
        Runs: 1,
        Failed: count(verdict.kind === 'failed'),
        Blocked: count(verdict.kind === 'blocked'),
        HandedOver: count(verdict.kind === 'too-large'),
        ChangedRefs: outcome?.counts.changed ?? 0,
        RunTime: Math.round(milliseconds),
        // For whoever searches the log.
        place: toPlaceName(place),
        result: verdict.kind,
      });
    },
    standing(mirror, { secondsSinceVerified, repositories, failing, blocked }) {
      const units = {
        SecondsSinceVerified: 'Seconds',
        Repositories: 'Count',
        FailingRepositories: 'Count',
        BlockedRepositories: 'Count',
      } as const;
      put([['Stack'], ['Stack', 'Mirror']], units, {
        Mirror: mirror,
        SecondsSinceVerified: Math.round(secondsSinceVerified),
        Repositories: repositories,
        FailingRepositories: failing,
        BlockedRepositories: blocked,
      });
    },
  };
}
