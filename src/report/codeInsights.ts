import { type MirrorError, toQuote } from '../errors';
import { sendRequest } from '../http/request';
import type { Outcome } from './outcome';
import { toSize } from './size';

/** Where the report of a run goes: a commit on Bitbucket Cloud. */
export interface InsightsPlace {
  readonly workspace: string;
  readonly repository: string;
  /** At least 7 hexadecimal digits. */
  readonly commit: string;
  /** The proxy of Pipelines, `http://host:port`: it adds the login to what a step asks of Bitbucket's API. */
  readonly proxy: string;
  /** The page of the run. */
  readonly link: string | undefined;
}

/** What a report is made of; `outcome` is undefined where the run ended before anything could be said of refs. */
export interface InsightsParts {
  readonly outcome: Outcome | undefined;
  readonly error: MirrorError | undefined;
  readonly exitCode: number;
  readonly seconds: number;
  readonly destination: string;
  /** Removes secrets and control characters. */
  readonly clean: (text: string) => string;
}

/** One report a commit, whichever step wrote it last. */
const reportId = 'codecommit-mirror';

/** Characters. Bitbucket answers 400 "The details field cannot contain more than 2000 characters", and 450 for a text. */
const longest = { details: 2_000, text: 450 };

const milliseconds = 10_000;

/**
 * Puts a report on the commit (Bitbucket Cloud REST API, "Create or update a report"). The URL is http: the proxy of
 * Pipelines serves nothing else, and adds the login. Throws Error.
 */
export async function putInsights(
  place: InsightsPlace,
  parts: InsightsParts,
  { env, signal }: { env: Readonly<Record<string, string | undefined>>; signal: AbortSignal },
): Promise<void> {
  const { workspace, repository, proxy } = place;
  const commit = findCommit(place.commit, parts.outcome);
  const path = [workspace, repository, 'commit', commit, 'reports', reportId]
    .map(encodeURIComponent)
    .join('/');
  const { status, text } = await sendRequest(
    new URL(`http://api.bitbucket.org/2.0/repositories/${path}`),
    {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(toInsights(parts, place.link)),
      timeout: milliseconds,
      proxy: new URL(proxy),
    },
    { env, signal },
  );
  if (status !== 200 && status !== 201) throw new Error(`HTTP ${status}: ${toQuote(text)}`);
}

/** In the run of a pull request, Bitbucket abbreviates the commit; the source has it in full. */
function findCommit(given: string, outcome: Outcome | undefined): string {
  return outcome?.refs.find((ref) => ref.new?.startsWith(given))?.new ?? given;
}

function toInsights(parts: InsightsParts, link: string | undefined) {
  const { outcome, exitCode, clean } = parts;
  return {
    title: outcome?.verdict === 'planned' ? 'Mirror to CodeCommit (dry run)' : 'Mirror to CodeCommit',
    details: shorten(clean(toDetails(parts)), longest.details),
    report_type: 'TEST',
    reporter: 'codecommit-mirror',
    result: exitCode === 0 ? 'PASSED' : 'FAILED',
    ...(link !== undefined && { link }),
    data: toData(parts),
  };
}

/** At most ten items, each with its type. */
function toData({ outcome, seconds, destination, clean }: InsightsParts) {
  const number = (title: string, value: number) => ({ title, type: 'NUMBER', value });
  const text = (title: string, value: string) => ({ title, type: 'TEXT', value });
  const duration = { title: 'Duration', type: 'DURATION', value: Math.round(seconds * 1_000) };
  const place = text('Destination', shorten(clean(destination), longest.text));
  if (outcome === undefined) return [place, duration];
  const { statuses, failed } = outcome.counts;
  return [
    place,
    number('Already equal', statuses.equal),
    number('New', statuses.new),
    number('Fast-forward', statuses['fast-forward']),
    number('Forced', statuses.forced),
    number('Deleted', statuses.deleted),
    number('Kept', statuses.kept),
    number('Not mirrored', failed),
    text('Sent', toSize(outcome.bytes)),
    duration,
  ];
}

function toDetails({ outcome, error, exitCode }: InsightsParts): string {
  const failure = error ?? outcome?.failure;
  const refs = (outcome?.refs ?? []).flatMap(({ ref, code, reason = '' }) =>
    code === undefined ? [] : [`${ref}: ${reason} [${code}]`],
  );
  const lines = [
    exitCode === 0 ? toGoodDetails(outcome) : 'The destination is not an exact mirror of the source.',
    ...(failure === undefined ? [] : [`${failure.message} ${failure.remedy} [${failure.code}]`]),
    ...refs,
  ];
  return lines.join('\n');
}

function toGoodDetails(outcome: Outcome | undefined): string {
  switch (outcome?.verdict) {
    case 'planned':
      return 'Nothing was pushed. The numbers are what a run would do.';
    case 'gone':
      return 'The source no longer has the branch or tag of this run. Nothing was changed.';
    default:
      return 'Each selected branch and tag has the same object ID at source and destination.';
  }
}

function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
