import type { MirrorError } from '../errors';
import type { RefPush } from '../plan/plan';

/** The result of one push. `isRefused`: the server refused all its refs together. */
export interface PushEnd {
  readonly failure?: MirrorError | undefined;
  readonly isRefused: boolean;
}

/** If two refs are refused individually and none is accepted, the server refuses everything. */
const culpritsAtMost = 2;

/**
 * Pushes a batch. If the server refuses the whole batch because of some of its refs, finds these by halving and pushes
 * all others. With n refs and k culprits this takes about k·log₂(n) pushes. Each ref keeps the answer to the last push
 * that contained it.
 */
export async function pushIsolating(
  batch: readonly RefPush[],
  push: (part: readonly RefPush[]) => Promise<PushEnd>,
): Promise<MirrorError | undefined> {
  let rest = batch;
  let isAccepted = false;
  for (let culprits = 1; rest.length > 0; culprits++) {
    const { failure, isRefused } = await push(rest);
    if (failure !== undefined || !isRefused) return failure;
    const search = await findCulprit(rest, push);
    if (search.failure !== undefined) return search.failure;
    isAccepted ||= search.isAccepted;
    if (!isAccepted && culprits === culpritsAtMost) return undefined;
    rest = search.rest;
  }
  return undefined;
}

/**
 * Halves a refused batch until one ref is left. `rest` are the refs that were not yet accepted; there may be more
 * culprits among them.
 */
async function findCulprit(batch: readonly RefPush[], push: (part: readonly RefPush[]) => Promise<PushEnd>) {
  const rest: RefPush[] = [];
  let suspects = batch;
  let isAccepted = false;
  while (suspects.length > 1) {
    const half = suspects.slice(0, Math.ceil(suspects.length / 2));
    const other = suspects.slice(half.length);
    const { failure, isRefused } = await push(half);
    if (failure !== undefined) return { failure, rest, isAccepted };
    if (isRefused) rest.push(...other);
    else isAccepted = true;
    suspects = isRefused ? half : other;
  }
  return { failure: undefined, rest, isAccepted };
}
