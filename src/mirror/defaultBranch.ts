import { hasCode, MirrorError } from '../errors';
import type { RefListing } from '../git/listing';
import type { Plan } from '../plan/plan';
import { toShortName } from '../plan/refs';
import type { Listings, MirrorParts } from './look';

/**
 * Makes the default branch of the source that of the destination, once the destination has it. Gives whether a ref was
 * kept for being the default and no longer is, so that another attempt can delete it. A failure is a warning: the refs
 * are mirrored all the same.
 */
export async function followDefaultBranch(
  { job, context }: Pick<MirrorParts, 'job' | 'context'>,
  seen: Listings,
  plan: Plan,
  now: RefListing,
): Promise<boolean> {
  const { sourceHead: wanted, fallback } = seen;
  if (wanted === undefined || fallback || !now.refs.has(wanted)) return false;
  const branch = toShortName(wanted);
  if (job.setDefaultBranch === undefined) {
    if (now.head !== undefined && now.head !== wanted && job.toDefaultBranchAdvice !== undefined)
      context.log.info(
        `The default branch of the destination is ${toShortName(now.head)}, not ${branch} as at the source. ${job.toDefaultBranchAdvice(branch)}`,
      );
    return false;
  }
  if (!isOther(now.head, wanted, seen)) return false;
  try {
    await job.setDefaultBranch(branch, context);
  } catch (error) {
    if (hasCode(error, ['stopped', 'time-limit'])) throw error;
    if (!(error instanceof MirrorError)) throw error;
    context.log.warn(
      `The default branch of the destination is not ${branch}, as at the source: ${error.message}\n${error.remedy}`,
    );
    return false;
  }
  context.log.info(`The default branch of the destination is now ${branch}, as at the source.`);
  return plan.updates.some(
    (update) => update.action === 'keep' && update.because === 'default-branch' && update.ref !== wanted,
  );
}

/** A server that does not tell its default branch may have another one when the source's is new to it. */
function isOther(head: string | undefined, wanted: string, { destination }: Listings): boolean {
  return head === undefined ? !destination.has(wanted) : head !== wanted;
}
