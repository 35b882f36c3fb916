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

/** From memory of AWS's pages of 2025 and 2026: to be compared with today's before money depends on them. */
export const prices: Prices = {
  lambdaSecond: 0.0000166667,
  lambdaRequest: 0.2 / 1e6,
  lambdaDisk: 0.0000000309,
  sqsRequest: 0.5 / 1e6,
  dynamoRead: 0.125 / 1e6,
  dynamoWrite: 0.625 / 1e6,
  logs: 0.5,
  secret: 0.4,
  alarm: 0.1,
  metric: 0.3,
  dashboard: 3,
};

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
  const fixed = price.secret + 9 * price.alarm + 10 * price.metric + price.dashboard;
  return 30 * (lambda + intake + requests + rows + logs) + fixed;
}
