import type { Place } from './message';

/** Where repositories are mirrored that do not fit into a function. */
export interface Builds {
  /** What is known of a place that was handed over. */
  find(place: Place): Promise<BuildState | undefined>;
  /** Starts a build for the place, unless one is running; gives its id. */
  start(place: Place): Promise<string>;
  /** Notes that something may have happened while a build was running. */
  mark(place: Place): Promise<void>;
  /** Says that the build of the place has ended; gives whether something was noted since it began. */
  end(place: Place): Promise<boolean>;
}

export interface BuildState {
  /** A build was started, has not said that it has ended, and may still run. */
  readonly isRunning: boolean;
  /** It was handed over in the last days: a function does not try it again. */
  readonly isLarge: boolean;
}
