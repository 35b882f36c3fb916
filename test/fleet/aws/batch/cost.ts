import type { SimulatedFleet } from './simulatedFleet';

/** US dollars, of us-east-1, without free tiers. */
export interface Prices {
  /** A GiB of memory for a second. */
  readonly lambdaSecond: number;
  readonly lambdaRequest: number;
  /** A GiB of disk above 512 MiB for a second. */
  readonly lambdaDisk: number;
  readonly sqsRequest: number;
  readonly dynamoRead: number;
  readonly dynamoWrite: number;
  /** The log, a GB. */
  readonly logs: number;
  /** For a month. */
  readonly secret: number;
  readonly alarm: number;
  readonly metric: number;
  readonly dashboard: number;
}

/**
 * Read on 2026-11-26, but for the three that say so: compare them with today's before money depends on them. Third parties
 * quote AWS's pages, whose figures depend on the region that is chosen there.
 */
export const prices: Prices = {
  // https://cloudchipr.com/blog/aws-lambda-pricing (2024), first tier, x86
  lambdaSecond: 0.0000166667,
  // From memory.
  lambdaRequest: 0.2 / 1e6,
  // From memory.
  lambdaDisk: 0.0000000309,
  // https://cloudburn.io/blog/amazon-sqs-pricing (2026-03-14), FIFO
  sqsRequest: 0.5 / 1e6,
  // https://airbyte.com/data-engineering-resources/dynamodb-pricing (2025-07-21), after the cut of November 2024
  dynamoRead: 0.125 / 1e6,
  dynamoWrite: 0.625 / 1e6,
  // https://www.factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards/ (2026-06-13)
  logs: 0.5,
  dashboard: 3,
  // https://signoz.io/guides/cloudwatch-pricing (2026-02-15)
  metric: 0.3,
  // https://aws.amazon.com/secrets-manager/pricing/ (2026-09-20)
  secret: 0.4,
  // From memory.
  alarm: 0.1,
};

/** Alarms of the template without webhooks; metrics of a stack with one mirror, each combination of dimensions. */
const [alarms, metrics] = [9, 14];

/** What was counted on one day. */
export interface Day {
  readonly invocations: number;
  readonly seconds: number;
  readonly runs: number;
  readonly intakes: number;
  readonly sqs: number;
  readonly reads: number;
  readonly writes: number;
  readonly lists: number;
}

export function readDay({ counts, lambda, queue }: SimulatedFleet): Day {
  const { send, receive, delete: deleted, hide } = queue.counts;
  return {
    invocations: lambda.counts.invocations,
    seconds: lambda.counts.milliseconds / 1000,
    runs: counts.runs,
    intakes: counts.intakes,
    sqs: send + receive + Math.ceil(deleted / 10) + hide,
    reads: counts.reads,
    writes: counts.writes,
    lists: counts.lists,
  };
}

export function subtract(after: Day, before: Day): Day {
  const entries = Object.entries(after).map(([key, value]) => [key, value - before[key as keyof Day]]);
  return Object.fromEntries(entries) as unknown as Day;
}

const [memory, disk, intakeMemory, intakeSeconds, logBytes] = [1769 / 1024, 1.5, 0.5, 0.3, 700];

/** US dollars for a month of 30 such days. */
export function toMonth(day: Day, price: Prices): number {
  const { seconds, invocations, intakes, sqs, reads, writes, runs } = day;
  const lambda = seconds * (memory * price.lambdaSecond + disk * price.lambdaDisk);
  const intake = intakes * intakeSeconds * intakeMemory * price.lambdaSecond;
  const requests = (invocations + intakes) * price.lambdaRequest + sqs * price.sqsRequest;
  const rows = reads * price.dynamoRead + writes * price.dynamoWrite;
  const logs = ((runs + intakes) * logBytes * price.logs) / 1e9;
  const fixed = price.secret + alarms * price.alarm + metrics * price.metric + price.dashboard;
  return 30 * (lambda + intake + requests + rows + logs) + fixed;
}
