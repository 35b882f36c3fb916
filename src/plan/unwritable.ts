import type { Plan, RefUpdate } from './plan';
import type { RefMap } from './refs';

/**
 * Why git can't push to a ref of this name; undefined when it can. `present` are the destination's refs, `wanted` the
 * source's. git takes a full name for the end of a longer one too: with `refs/heads/refs/heads/main` over there, it
 * refuses a push that names `refs/heads/main`, whatever else that push carries. So the odd one of two is left out.
 */
export function findObstacle(ref: string, present: RefMap, wanted: RefMap): string | undefined {
  // What is no UTF-8 reads as this character, and would be written as another name.
  if (ref.includes('\ufffd')) return 'its name is not UTF-8';
  const longer = [`refs/heads/${ref}`, `refs/tags/${ref}`].find((name) => present.has(name));
  if (longer !== undefined) return `the destination has ${longer}, which git can't tell from it`;
  const [, shorter] = /^refs\/(?:heads|tags)\/(refs\/.+)$/.exec(ref) ?? [];
  if (shorter === undefined || present.has(ref)) return undefined;
  const clash = present.has(shorter) || wanted.has(shorter);
  return clash ? `git could no longer tell ${shorter} from it` : undefined;
}

/** The plan without what git can't push. What is left alone at the destination stays so for its own reason. */
export function withholdUnwritable(plan: Plan, present: RefMap, wanted: RefMap): Plan {
  const updates = plan.updates.map((update): RefUpdate => {
    if (update.action === 'none' || (update.action === 'keep' && update.because !== 'diverged'))
      return update;
    const detail = findObstacle(update.ref, present, wanted);
    if (detail === undefined) return update;
    const { ref, old, new: tip } = update;
    return { action: 'keep', ref, old, new: tip, because: 'unwritable', detail };
  });
  return { ...plan, updates };
}
