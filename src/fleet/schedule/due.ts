import type { HostKind } from '../hosts/host';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** A repository that works is looked at so often: webhooks get lost, and time stamps of listings lie. */
const limits = { shortest: 5 * minute, longest: day };

/** A failing repository is tried again after a minute, then two, four … and at least every eight hours, for ever. */
const retry = { first: minute, longest: 8 * hour };

/** What the next look depends on. Times are milliseconds since 1970. */
export interface DueFacts {
  /** When the last look began; undefined for one that was never looked at. */
  readonly lookedAt: number | undefined;
  /** When a look last found a change. */
  readonly changedAt: number | undefined;
  /** Looks or runs that failed in a row. */
  readonly failures: number;
  /** When the listing's time stamp last moved, on a host where it does not move at each push. */
  readonly hintedAt?: number | undefined;
  readonly host?: HostKind | undefined;
}

/**
 * When to look next. A repository that changed an hour ago is looked at after half an hour, one that is quiet for a week
 * once a day. `random` gives numbers from 0 to less than 1: looks that began together drift apart, by a tenth at most.
 */
export function planNextLook(
  { lookedAt, changedAt, failures, hintedAt, host }: DueFacts,
  random: () => number,
): number {
  if (lookedAt === undefined) return 0;
  const interval = failures > 0 ? toRetryInterval(failures) : toInterval(lookedAt, changedAt);
  const next = lookedAt + interval * (1 - jitter + random() * 2 * jitter);
  const recheck = findRecheck({ lookedAt, hintedAt, host });
  return recheck === undefined || failures > 0 ? next : Math.min(next, recheck);
}

const jitter = 0.1;

function toInterval(lookedAt: number, changedAt: number | undefined): number {
  // Also the latest of all looks, by chance, is within the day.
  const longest = limits.longest / (1 + jitter);
  const quiet = changedAt === undefined ? Number.POSITIVE_INFINITY : lookedAt - changedAt;
  return Math.min(Math.max(quiet / 2, limits.shortest), longest);
}

function toRetryInterval(failures: number): number {
  return Math.min(retry.first * 2 ** (failures - 1), retry.longest);
}

/**
 * For how long after a push a second one leaves no trace in the listing. GitLab moves `last_activity_at` once an hour at
 * most (app/models/event.rb, RESET_PROJECT_ACTIVITY_INTERVAL).
 */
const silentFor: Partial<Record<HostKind, number>> = { gitlab: hour };

/** A stamp that has moved says nothing of what follows soon: when that time is over, one more look is due. */
function findRecheck({
  lookedAt,
  hintedAt,
  host,
}: {
  readonly lookedAt: number;
  readonly hintedAt: number | undefined;
  readonly host: HostKind | undefined;
}): number | undefined {
  const silence = host === undefined ? undefined : silentFor[host];
  if (silence === undefined || hintedAt === undefined) return undefined;
  const end = hintedAt + silence;
  return lookedAt < end ? end : undefined;
}

/**
 * A webhook may come before the host's own git servers have what it tells of. Milliseconds to wait before the look of
 * this number after it, 0 being the first; undefined when there is to be no other.
 */
export function planLookAfterHook(number: number): number | undefined {
  return [0, 15_000, minute][number];
}
