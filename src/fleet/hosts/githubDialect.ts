import * as z from 'zod';
import type { HttpAnswer } from '../../http/request';
import { toJson } from './api/exchange';
import { readHeader, readNumber, readReset, readRetryAfter, type Throttle } from './api/limits';
import type { Dialect } from './api/settings';

/** GitHub's REST API ("Rate limits for the REST API", "Best practices for using the REST API"). */
export const githubDialect: Dialect = {
  headers: { Accept: 'application/vnd.github+json', 'X-GitHub-Api-Version': '2022-11-28' },
  // At least one second between requests that change something.
  writePause: 1_000,
  tokenRemedy:
    'Make a new token: classic with the scope "repo", or fine-grained with the owner as its resource owner and the permissions Metadata and Contents. Authorise a classic one for single sign-on (Settings > Developer settings > Configure SSO).',
  readThrottle,
  readExhausted: ({ status, headers }, now) =>
    status < 400 && readNumber(headers, 'x-ratelimit-remaining') === 0
      ? readReset(headers, 'x-ratelimit-reset', now)
      : undefined,
  readTokenFault,
  readMissingScope,
  readSaid,
};

/** 403 or 429 both for the limit of the hour and for the secondary ones. */
function readThrottle({ status, headers, text }: HttpAnswer, now: number): Throttle | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const said = `${status} ${readSaid(toJson(text))}`;
  const asked = readRetryAfter(headers, now);
  if (asked !== undefined) return { wait: asked, said };
  if (readNumber(headers, 'x-ratelimit-remaining') === 0)
    return { wait: readReset(headers, 'x-ratelimit-reset', now), said };
  const isLimit = status === 429 || /secondary rate limit|abuse detection|rate limit exceeded/i.test(said);
  return isLimit ? { wait: undefined, said } : undefined;
}

/** `partial-results` comes with 200: rows of organisations that the token is not authorised for are left out. */
function readTokenFault({ status, headers, text }: HttpAnswer): string | undefined {
  const sso = readHeader(headers, 'x-github-sso');
  if (sso !== undefined && (status === 403 || sso.startsWith('partial-results')))
    return `the token is not authorised for single sign-on (${sso})`;
  if (status !== 403) return undefined;
  const said = readSaid(toJson(text));
  const isPolicy = /forbids access via|token.*lifetime|token has expired/i.test(said);
  return isPolicy ? `403 ${said}` : undefined;
}

/** Only classic tokens: what the call accepts, where the token has none of it. */
function readMissingScope({ headers, text }: HttpAnswer): string | undefined {
  const [accepted, given] = ['x-accepted-oauth-scopes', 'x-oauth-scopes'].map((name) => {
    const value = readHeader(headers, name);
    return value
      ?.split(',')
      .map((scope) => scope.trim())
      .filter((scope) => scope !== '');
  });
  if (accepted === undefined || given === undefined || accepted.length === 0) return undefined;
  if (accepted.some((scope) => given.includes(scope))) return undefined;
  return `403 ${readSaid(toJson(text))}; it has the scopes "${given.join(', ')}" and needs one of "${accepted.join(', ')}"`;
}

const errorSchema = z.object({
  message: z.string().optional(),
  errors: z.array(z.union([z.string(), z.object({ message: z.string().optional() })])).optional(),
});

function readSaid(body: unknown): string {
  const { data } = errorSchema.safeParse(body);
  const details = (data?.errors ?? []).map((each) =>
    typeof each === 'string' ? each : (each.message ?? ''),
  );
  return [data?.message ?? '', ...details].filter(Boolean).join(' ');
}
