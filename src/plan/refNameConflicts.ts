import { toFolders } from './batches';
import { type NameLimits, parseNameExcess } from './limits';
import { exclude, type Plan } from './plan';
import type { RefMap } from './refs';

/**
 * Why git can't push to a ref of this name. Undefined if it can. `present` are the destination's refs, `wanted` the
 * source's. git also matches a full name with the end of a longer one: if the destination has
 * `refs/heads/refs/heads/main`, git refuses any push that names `refs/heads/main`. So the unusual name of the two is
 * excluded.
 */
export function findObstacle(ref: string, present: RefMap, wanted: RefMap): string | undefined {
  // Invalid UTF-8 is decoded to this character, and would be written as a different name.
  if (ref.includes('\ufffd')) return 'its name is not UTF-8';
  const long = ref.split('/').find((part) => Buffer.byteLength(part) > componentBytes);
  if (long !== undefined && !present.has(ref))
    return `a part of its name has ${Buffer.byteLength(long)} bytes, more than git can store (${componentBytes})`;
  const longer = [`refs/heads/${ref}`, `refs/tags/${ref}`].find((name) => present.has(name));
  if (longer !== undefined) return `the destination has ${longer}, which git confuses with it`;
  const [, shorter] = /^refs\/(?:heads|tags)\/(refs\/.+)$/.exec(ref) ?? [];
  if (shorter === undefined || present.has(ref)) return undefined;
  const clash = present.has(shorter) || wanted.has(shorter);
  return clash ? `git would confuse it with ${shorter}` : undefined;
}

/** A file name can have 255 bytes, and git adds `.lock`. */
const componentBytes = 250;

/** The plan without the refs that git can't push. A ref that is already kept stays kept for its own reason. */
export function excludeUnwritable(plan: Plan, present: RefMap, wanted: RefMap): Plan {
  const named = exclude(plan, 'unwritable', (ref) => findObstacle(ref, present, wanted));
  const deleted = new Set(named.updates.flatMap(({ action, ref }) => (action === 'delete' ? [ref] : [])));
  const stays = (ref: string) => present.has(ref) && !deleted.has(ref);
  const created = new Set(named.updates.flatMap(({ action, ref }) => (action === 'create' ? [ref] : [])));
  const below = new Map<string, string>();
  if (created.size > 0)
    for (const ref of present.keys())
      if (!deleted.has(ref))
        for (const folder of toFolders(ref)) if (created.has(folder)) below.set(folder, ref);
  return exclude(named, 'unwritable', (ref) => {
    const conflict = toFolders(ref).find(stays) ?? below.get(ref);
    return conflict === undefined || stays(ref) ? undefined : toConflict(conflict);
  });
}

/** The plan without the new branches whose names the server declines. */
export function excludeNames(plan: Plan, limits: NameLimits | undefined): Plan {
  if (limits === undefined) return plan;
  const creates = new Set(plan.updates.flatMap(({ action, ref }) => (action === 'create' ? [ref] : [])));
  return exclude(plan, 'unsendable', (ref) => (creates.has(ref) ? parseNameExcess(ref, limits) : undefined));
}

/** git stores a ref as a file, so `team` and `team/x` can't both exist. */
function toConflict(ref: string): string {
  return `the destination keeps ${ref}, and git can't have both: delete ${ref} there, or prune it`;
}
