import { createCleaner, createLog } from '../report/log';
import { logError } from '../report/text';
import { toMirrorError } from '../system/errors';
import { outputUnwritable } from './errors';

/** How a command ended. `needsOutput`: its output is its result, so it failed if the output could not be written. */
export interface Ending {
  readonly exitCode: number;
  readonly needsOutput?: boolean;
}

/** The parts of the process that an entry needs to end. */
export type EntryProcess = Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env' | 'on'> & {
  exit(exitCode: number): void;
};

/**
 * Runs a program and ends the process with its exit code, after all output is written or its reader is gone. An
 * uncaught error is reported like any other, never as a stack trace. `failures` is the stream for it.
 */
export async function runEntry(
  main: () => Promise<Ending>,
  process: EntryProcess,
  failures: 'stdout' | 'stderr' = 'stderr',
): Promise<void> {
  const outputs = [watchOutput(process.stdout), watchOutput(process.stderr)] as const;
  const lost = new Promise<Ending>((resolve) => {
    // An error that a library throws outside of any awaited call.
    process.on('uncaughtException', (error) => resolve(report(error, process, failures)));
  });
  const ended = main().catch((error) => report(error, process, failures));
  const { exitCode, needsOutput = false } = await Promise.race([ended, lost]);
  const [cause] = await Promise.all(outputs.map((output) => output.flush()));
  const isLost = cause !== undefined && cause.code !== 'EPIPE';
  if (isLost) report(outputUnwritable(cause), process, 'stderr');
  await outputs[1].flush();
  // Everything is written and cleaned up: do not wait for a timer or handle of a library.
  process.exit(isLost && needsOutput ? exitCode || 1 : exitCode);
}

function report(error: unknown, process: EntryProcess, failures: 'stdout' | 'stderr'): Ending {
  const failure = toMirrorError(error);
  const log = createLog({
    stream: process[failures],
    colour: false,
    debug: process.env['DEBUG'] === 'true',
    cleaner: createCleaner(),
    now: Date.now,
  });
  log.debug(error instanceof Error ? String(error.stack) : String(error));
  logError(failure, log);
  return { exitCode: failure.exitCode };
}

interface Output {
  /** Waits until everything is written. Returns the error if that failed. */
  flush(): Promise<NodeJS.ErrnoException | undefined>;
}

/** Ignores EPIPE (`| head`): the mirror is finished without a reader. */
function watchOutput(stream: NodeJS.WriteStream): Output {
  let failure: NodeJS.ErrnoException | undefined;
  stream.on('error', (error) => {
    failure ??= error;
  });
  return {
    flush: () =>
      new Promise((resolve) => {
        if (failure !== undefined || stream.destroyed) resolve(failure);
        else stream.write('', (error) => resolve(failure ?? error ?? undefined));
      }),
  };
}
