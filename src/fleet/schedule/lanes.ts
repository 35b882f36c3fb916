/** Why a repository is to be looked at, the most urgent first. */
export const lanes = ['webhook', 'asked', 'due', 'first'] as const;

export type Lane = (typeof lanes)[number];

export function moreUrgent(one: Lane, other: Lane): Lane {
  return lanes.indexOf(one) <= lanes.indexOf(other) ? one : other;
}

/** What waits and runs: one repository of one mirror. */
export interface QueueItem {
  /** Unique in the queue. */
  readonly key: string;
  /** The mirror of mirrors.yaml: mirrors take turns. All items of one mirror have the same `hosts`. */
  readonly mirror: string;
  /** The hosts that its run uses, source and destination, each with a limit of its own. */
  readonly hosts: readonly string[];
}
