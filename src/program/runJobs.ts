import { toErrorText } from '../errors';
import type { Job } from '../mirror/job';
import { mirror } from '../mirror/mirror';
import { openOrigin } from '../mirror/origin';
import { shareOrigin } from '../mirror/sharedOrigin';
import { type Remedies, withRemedies } from '../report/remedies';
import type { Result } from '../report/result';
import { logError, logOutcome } from '../report/text';
import type { Context } from '../system/context';
import type { Session } from './session';

/**
 * Mirrors one source to each destination, and logs how each mirror ended. Several run in parallel and share the source;
 * one that fails does not affect the others. Never throws.
 */
export async function runJobs(
  jobs: readonly Job[],
  session: Session,
  remedies: Remedies | undefined,
): Promise<readonly Result[]> {
  const { context } = session;
  const names = toDistinctNames(jobs.map(({ destination }) => destination));
  const parts = jobs.map((job, index) => ({ job, name: names[index] ?? '', session, remedies }));
  if (parts.length === 1)
    return await Promise.all(parts.map((part) => runJob({ ...part, context, open: openOrigin })));
  const shared = shareOrigin(context);
  try {
    return await Promise.all(
      parts.map((part) => runJob({ ...part, context: session.fork(part.name), open: shared.toOpener() })),
    );
  } finally {
    await shared[Symbol.asyncDispose]().catch((error: unknown) =>
      context.log.warn(`A temporary folder is not removed: ${toErrorText(error)}`),
    );
  }
}

interface Part {
  readonly job: Job;
  readonly name: string;
  readonly context: Context;
  readonly open: typeof openOrigin;
  readonly session: Session;
  readonly remedies: Remedies | undefined;
}

async function runJob({ job, name, context, open, session, remedies }: Part): Promise<Result> {
  const { log, stopwatch } = context;
  const place = { name, destination: job.destination.url };
  try {
    const outcome = withRemedies(await mirror(job, context, open), remedies);
    const seconds = stopwatch.read();
    logOutcome(outcome, seconds['total'] ?? 0, log);
    return { ...place, outcome, seconds };
  } catch (thrown) {
    const error = session.explain(thrown);
    logError(error, log);
    return { ...place, error, seconds: stopwatch.read() };
  }
}

/** Two AWS accounts may have a repository of the same name in the same region: only the URLs tell them apart. */
export function toDistinctNames(
  destinations: readonly { readonly name: string; readonly url: string }[],
): readonly string[] {
  const names = destinations.map(({ name }) => name);
  return destinations.map(({ name, url }) => (names.indexOf(name) === names.lastIndexOf(name) ? name : url));
}
