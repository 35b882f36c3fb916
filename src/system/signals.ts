import { constants } from 'node:os';

/** The signals that stop a program: Pipelines sends SIGTERM, a terminal the others. */
export const stopSignals = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

export type StopSignal = (typeof stopSignals)[number];

/** The exit code that a shell reports for a program ended by this signal. */
export function toSignalExitCode(name: StopSignal): number {
  return 128 + constants.signals[name];
}

export function isStopSignal(reason: unknown): reason is StopSignal {
  return stopSignals.some((name) => name === reason);
}
