import { toQuote } from '../errors';
import { sendRequest } from '../http/request';
import type { Outcome } from './outcome';
import { type Result, toCommonExitCode, toCommonVerdict, toResultExitCode } from './result';
import { toSize } from './size';
import { toChanges } from './text';

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

/** What a report is made of. */
export interface InsightsParts {
  /** One for each destination. */
  readonly results: readonly Result[];
  /** Of the whole run. */
  readonly seconds: number;
  /** Removes secrets and control characters. */
  readonly clean: (text: string) => string;
}

/** One report a commit, whichever step wrote it last. */
const reportId = 'codecommit-mirror';

/** Characters. Bitbucket answers 400 "The details field cannot contain more than 2000 characters". */
const longestDetails = 2_000;

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
  const commit = findCommit(place.commit, parts.results);
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
function findCommit(given: string, results: readonly Result[]): string {
  for (const { outcome } of results) {
    const found = outcome?.refs.find((ref) => ref.new?.startsWith(given))?.new;
    if (found !== undefined) return found;
  }
  return given;
}

function toInsights({ results, seconds, clean }: InsightsParts, link: string | undefined) {
  const isDry = toCommonVerdict(results) === 'planned';
  const duration = { title: 'Duration', type: 'DURATION', value: Math.round(seconds * 1_000) };
  const [only, ...more] = results;
  const data = only !== undefined && more.length === 0 ? toData(only, clean) : toPlaces(results, clean);
  return {
    title: isDry ? 'Mirror to CodeCommit (dry run)' : 'Mirror to CodeCommit',
    details: shorten(clean(toAllDetails(results))),
    report_type: 'TEST',
    reporter: 'codecommit-mirror',
    result: toCommonExitCode(results) === 0 ? 'PASSED' : 'FAILED',
    ...(link !== undefined && { link }),
    data: [...data, duration],
  };
}

/** Together with the duration, Bitbucket takes ten items. The details name all destinations. */
const itemsAtMost = 9;

const number = (title: string, value: number) => ({ title, type: 'NUMBER', value });
const text = (title: string, value: string) => ({ title, type: 'TEXT', value });

/** One item for each of several destinations, those that failed first. */
function toPlaces(results: readonly Result[], clean: (text: string) => string) {
  const shown = sortByFailure(results).slice(0, itemsAtMost);
  return shown.map((result) => text(clean(result.name), toSummary(result)));
}

function sortByFailure(results: readonly Result[]): readonly Result[] {
  return [...results].sort((a, b) => toResultExitCode(b) - toResultExitCode(a));
}

/** `mirrored: 1 new, 2 fast-forward` */
function toSummary({ outcome, error }: Result): string {
  if (outcome === undefined) return `failed [${error?.code ?? 'internal'}]`;
  const { statuses, failed } = outcome.counts;
  const left = failed > 0 ? `, ${failed} not mirrored` : '';
  return `${outcome.verdict}: ${statuses.equal} equal, ${toChanges(outcome.counts)}${left}`;
}

/** The items for the only destination. */
function toData({ outcome, destination = '' }: Result, clean: (text: string) => string) {
  const place = text('Destination', clean(destination));
  if (outcome === undefined) return [place];
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
  ];
}

/** Of several destinations, those that failed come first: what is too long is cut off at the end. */
function toAllDetails(results: readonly Result[]): string {
  if (results.length === 1) return results.map(toDetails).join('');
  return sortByFailure(results)
    .map((result) => `${result.name}: ${toDetails(result)}`)
    .join('\n');
}

function toDetails(result: Result): string {
  const { outcome, error } = result;
  const failure = error ?? outcome?.failure;
  const refs = (outcome?.refs ?? []).flatMap(({ ref, code, reason = '' }) =>
    code === undefined ? [] : [`${ref}: ${reason} [${code}]`],
  );
  const lines = [
    toResultExitCode(result) === 0
      ? toGoodDetails(outcome)
      : 'The destination is not an exact mirror of the source.',
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

function shorten(text: string): string {
  return text.length > longestDetails ? `${text.slice(0, longestDetails - 1)}…` : text;
}
