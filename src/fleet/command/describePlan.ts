import type { Log } from '../../system/context';
import type { MirrorConfiguration } from '../configuration/configuration';
import type { PlannedRepository } from '../plan/decision';
import type { MirrorProblem } from '../run/readPlan';
import { isShrunken } from '../run/savePlan';

/** Whether a person must look at it. A destination that could not be listed is one problem, not one of each repository. */
export function isUnsettled(planned: PlannedRepository): boolean {
  if (planned.action === 'conflict') return planned.because !== 'unlisted';
  return planned.action === 'gone-candidate';
}

/** What is planned for one repository, in one word. */
export function toWord(planned: PlannedRepository): string {
  switch (planned.action) {
    case 'create':
      return 'new';
    case 'adopt':
      return 'adopt';
    case 'follow':
      if (planned.repository === undefined) return 'missing';
      return planned.renamedFrom === undefined ? 'exists' : 'renamed';
    case 'gone-candidate':
      return 'missing';
    default:
      return planned.action;
  }
}

/** What is wrong with a mirror as a whole. */
export function toProblemText({ side, error }: Pick<MirrorProblem, 'side' | 'error'>): string {
  return isShrunken(error) ? error.message : `The ${side} can't be listed. ${error.message}`;
}

/** The same in JSON documents. */
export function toJsonProblem({ mirror, side, error: { code, message, remedy } }: MirrorProblem) {
  return { mirror, side, code, message, remedy };
}

/** Tells what is wrong with each mirror as a whole. */
export function tellProblems(problems: readonly MirrorProblem[], log: Log): void {
  for (const problem of problems) {
    const { remedy, code } = problem.error;
    log.failure(`${problem.mirror}: ${toProblemText(problem)}\n  ${remedy} [${code}]`);
  }
}

/** Why, as a clause or a sentence; undefined where there is nothing to say. */
export function toReason(planned: PlannedRepository): string | undefined {
  switch (planned.action) {
    case 'create':
      return undefined;
    case 'adopt':
      return adoptedBy[planned.by];
    case 'follow':
      if (planned.repository === undefined) return 'missing from the listing; its mirror stays as it is';
      return planned.renamedFrom === undefined ? undefined : `was ${planned.renamedFrom}`;
    case 'excluded':
      return toExclusion(planned);
    case 'conflict':
      return planned.detail;
    case 'gone-candidate':
      return 'missing from the listing, and the direct lookup failed; its mirror stays as it is';
    case 'gone':
      return 'deleted at the source; its mirror stays as it is';
    case 'frozen':
      return `${frozenBecause[planned.because]}; its mirror stays as it is`;
  }
}

const adoptedBy = {
  marker: 'it is marked as this mirror',
  empty: 'it is empty',
  name: 'adopted by its name',
} as const;

const frozenBecause = {
  archived: 'archived at the source',
  'deletion-scheduled': 'about to be deleted at the source',
  moved: 'moved away at the source',
} as const;

function toExclusion({ because, detail }: Extract<PlannedRepository, { action: 'excluded' }>): string {
  switch (because) {
    case 'match':
      return `does not match ${JSON.stringify(detail)}`;
    case 'exclude':
      return `matches exclude ${JSON.stringify(detail)}`;
    case 'archived':
      return 'archived';
    case 'fork':
      return 'a fork';
    case 'mirror':
      return `itself a mirror, of ${detail}`;
    case 'deletion-scheduled':
      return 'about to be deleted';
  }
}

/** `github acme → codecommit eu-west-1` */
export function toTitle({ from, to }: MirrorConfiguration): string {
  return `${toPlaceText(from)} → ${toPlaceText(to)}`;
}

function toPlaceText(place: MirrorConfiguration['from'] | MirrorConfiguration['to']): string {
  switch (place.host) {
    case 'github':
      return `github ${place.owner}`;
    case 'gitlab':
      return `gitlab ${place.group ?? place.user ?? ''}`;
    case 'bitbucket':
      return `bitbucket ${[place.workspace, place.project].filter(Boolean).join('/')}`;
    case 'bitbucket-datacenter':
      return `bitbucket-datacenter ${place.project}`;
    case 'codecommit':
      return `codecommit ${place.region}`;
    case 'git':
      return 'git';
  }
}
