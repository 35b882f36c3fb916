/** What of the process a stop signal needs. */
interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: (name: 'SIGINT' | 'SIGTERM') => void): unknown;
}

/**
 * An abort signal that carries the name of the signal which Pipelines, or a person, ends the program with. A second
 * signal changes nothing: the key is being removed already, and without a listener it would stay.
 */
export function createStopSignal(source: SignalSource): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) source.on(name, () => controller.abort(name));
  return controller.signal;
}
