import * as z from 'zod';
import type { HttpAnswer } from '../../http/request';
import { toJson } from './api/exchange';
import { readNumber, readReset, readRetryAfter } from './api/limits';
import type { Dialect } from './api/settings';

/** GitLab's REST API v4 ("Rate limits", "User and IP rate limits", "REST API authentication"). */
export const gitlabDialect: Dialect = {
  headers: { Accept: 'application/json' },
  tokenRemedy:
    'Make a new token with the scopes "read_api" and "read_repository" ("api" and "write_repository" for a destination). A token of GitLab always has a date on which it expires.',
  readThrottle({ status, headers, text }, now) {
    if (status !== 429) return undefined;
    const wait = readRetryAfter(headers, now) ?? readReset(headers, 'ratelimit-reset', now);
    return { wait, said: `429 ${readSaid(toJson(text)) || text.trim()}` };
  },
  readExhausted: ({ status, headers }, now) =>
    status < 400 && readNumber(headers, 'ratelimit-remaining') === 0
      ? readReset(headers, 'ratelimit-reset', now)
      : undefined,
  readMissingScope({ text }: HttpAnswer) {
    const { data } = errorSchema.safeParse(toJson(text));
    return data?.error === 'insufficient_scope' ? `403 ${readSaid(data)}` : undefined;
  },
  readSaid,
};

/**
 * Refused parameters stand as lists by their names: `{ "message": { "path": ["has already been taken"] } }`. Over the
 * limit of projects, the list stands alone: `{ "error": ["You've reached your limit of 2 projects created. …"] }`.
 */
const messageSchema = z.union([
  z.string(),
  z.array(z.string()),
  z.record(z.string(), z.union([z.string(), z.array(z.string())])),
]);
const errorSchema = z.object({
  message: messageSchema.optional(),
  error: z.union([z.string(), z.array(z.string())]).optional(),
  error_description: z.string().optional(),
});

function readSaid(body: unknown): string {
  const { data } = errorSchema.safeParse(body);
  return [toText(data?.message), toText(data?.error), data?.error_description ?? '']
    .filter(Boolean)
    .join(' ');
}

function toText(message: z.infer<typeof messageSchema> | undefined): string {
  if (message === undefined || typeof message === 'string') return message ?? '';
  if (Array.isArray(message)) return message.join(', ');
  return Object.entries(message)
    .map(([key, value]) => `${key} ${[value].flat().join(', ')}`)
    .join('; ');
}
