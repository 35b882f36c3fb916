import { constants } from 'node:os';

/** The signals that ask a program to stop: Pipelines sends SIGTERM, a terminal the others. */
export const stopSignals = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

export type StopSignal = (typeof stopSignals)[number];

/** What a shell gives for a program that a signal has ended. */
export function toSignalExitCode(name: StopSignal): number {
  return 128 + constants.signals[name];
}

export function isStopSignal(reason: unknown): reason is StopSignal {
  return stopSignals.some((name) => name === reason);
}
