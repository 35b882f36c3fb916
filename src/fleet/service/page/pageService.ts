import type { Log } from '../../../system/context';
import type { FleetService } from '../service';
import type { Viewed } from '../views';

/** What a person can do on the page. */
export const actions = [
  'mirror',
  'mirror-all',
  'check',
  'check-all',
  'list',
  'accept-listing',
  'pause',
  'resume',
  'stop-all',
  'resume-all',
] as const;

export type Action = (typeof actions)[number];

/** What is behind the page: the service of this machine, or a stack in AWS. */
export type PageService = Pick<
  FleetService,
  | 'acceptListing'
  | 'activityOf'
  | 'ask'
  | 'askAll'
  | 'check'
  | 'counts'
  | 'isStopped'
  | 'list'
  | 'pause'
  | 'resumeAll'
  | 'stopAll'
>;

/** What the page shows, and what can be done there. */
export interface Paged {
  readonly viewed: Viewed;
  readonly service: PageService;
  /** The buttons of the others are left out. */
  readonly actions: ReadonlySet<Action>;
  readonly log: Pick<Log, 'info'>;
}
