import * as z from 'zod';
import type { HttpAnswer } from '../../http/request';
import { toJson } from './api/exchange';
import { readNumber, readReset, readRetryAfter, type Throttle } from './api/limits';
import type { Dialect } from './api/settings';

/** A token alone goes as a Bearer, one with a user beside it as a password. */
export function toAuthorization(token: string, user: string | undefined): string {
  if (user === undefined) return `Bearer ${token}`;
  return `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;
}

/** Bitbucket Cloud's REST API 2.0. Its limits are those of a rolling hour; it may say no time. */
export const bitbucketCloudDialect: Dialect = {
  headers: { Accept: 'application/json' },
  tokenRemedy:
    'Make a new one: an access token of the workspace, project or repository; or an API token with scopes ("read:repository:bitbucket"), with the address of the Atlassian account beside it. App passwords stopped working in 2026, and an API token always has a date on which it expires.',
  readThrottle({ status, headers, text }, now) {
    if (status !== 429) return undefined;
    const wait = readRetryAfter(headers, now) ?? readReset(headers, 'x-ratelimit-reset', now);
    return { wait, said: `429 ${readCloudSaid(toJson(text)) || text.trim()}` };
  },
  // App passwords are answered so since they ended.
  readTokenFault: ({ status, text }) =>
    status === 410 && /app password/i.test(text) ? `410 ${readCloudSaid(toJson(text))}` : undefined,
  readMissingScope({ text }: HttpAnswer) {
    const required = cloudErrorSchema.safeParse(toJson(text)).data?.error.detail?.required;
    if (required === undefined) return undefined;
    return `403 ${readCloudSaid(toJson(text))} It needs ${required.join(', ')}`;
  },
  readSaid: readCloudSaid,
};

const cloudErrorSchema = z.object({
  error: z.object({
    message: z.string().optional(),
    /** A sentence, or an object with the scopes that are missing. */
    detail: z
      .union([
        z.string().transform(() => undefined),
        z.looseObject({ required: z.array(z.string()).optional() }),
      ])
      .nullish(),
    fields: z.record(z.string(), z.unknown()).optional(),
  }),
});

function readCloudSaid(body: unknown): string {
  const { data } = cloudErrorSchema.safeParse(body);
  const fields = Object.entries(data?.error.fields ?? {}).map(
    ([key, value]) => `${key}: ${[value].flat().join(', ')}`,
  );
  return [data?.error.message ?? '', ...fields].filter(Boolean).join(' ');
}

/** Bitbucket Data Center's REST API ("Rate limiting": a bucket of tokens for each user, which fills again at a rate). */
export const bitbucketDataCenterDialect: Dialect = {
  headers: { Accept: 'application/json', 'X-Atlassian-Token': 'no-check' },
  tokenRemedy:
    'Make a new HTTP access token with "Repository read" ("Project admin" for a destination): in the project under Settings > HTTP access tokens, or in your account.',
  readThrottle: readDataCenterThrottle,
  readSaid(body) {
    const { data } = dataCenterErrorSchema.safeParse(body);
    return (data?.errors ?? []).map(({ message }) => message ?? '').join(' ');
  },
};

const dataCenterErrorSchema = z.object({ errors: z.array(z.object({ message: z.string().nullish() })) });

function readDataCenterThrottle({ status, headers, text }: HttpAnswer, now: number): Throttle | undefined {
  if (status !== 429) return undefined;
  const interval = readNumber(headers, 'x-ratelimit-interval-seconds');
  const wait = readRetryAfter(headers, now) ?? (interval === undefined ? undefined : interval * 1_000);
  return { wait, said: `429 ${bitbucketDataCenterDialect.readSaid(toJson(text))}` };
}
