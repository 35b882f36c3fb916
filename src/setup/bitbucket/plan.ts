import { toNightlyName, toSuffix } from '../names';
import type { SetupRequest } from '../request';
import type { BitbucketSituation, Hands } from '../steps/situation';
import { decide, type Made, type Step } from '../steps/step';
import type { BitbucketRepository } from './bitbucket';

export function planEnabled(situation: BitbucketSituation | undefined, { bitbucket }: Hands): Step {
  const title = 'Bitbucket: Pipelines';
  if (situation === undefined || bitbucket === undefined) return { title, state: 'by-hand' };
  return decide(title, situation.enabled, (isEnabled) =>
    isEnabled
      ? { state: 'exists' }
      : { state: 'change', note: 'disabled → enabled', run: () => bitbucket.ensureEnabled() },
  );
}

/** Every night, at a minute derived from the mirror's name, so that many mirrors do not start together. */
function toCron(request: SetupRequest): string {
  return `0 ${Number.parseInt(toSuffix(request), 16) % 60} 3 * * ? *`;
}

export function planSchedule(situation: BitbucketSituation | undefined, hands: Hands): Step {
  const title = 'Bitbucket: nightly schedule';
  const { request, bitbucket } = hands;
  const pipeline = toNightlyName(request);
  const branch = situation?.ids.branch;
  if (situation === undefined || bitbucket === undefined)
    return { title, state: 'by-hand', note: `daily, custom: ${pipeline}` };
  if (branch === undefined)
    return { title, state: 'by-hand', note: 'the repository is empty: run setup again after a push' };
  const cron = toCron(request);
  return decide(title, situation.schedules, (all) =>
    all.some(({ target }) => target.selector?.pattern === pipeline)
      ? { state: 'exists' }
      : {
          state: 'create',
          note: `custom: ${pipeline} on ${branch}, ${cron} UTC`,
          run: () => bitbucket.createSchedule({ branch, pipeline, cron }),
        },
  );
}

interface NewVariable {
  readonly key: string;
  readonly secured: boolean;
  readonly note: string;
  /** The value is created by an earlier step. */
  readonly toValue: (made: Made) => string;
}

export function planVariable(
  { variables }: BitbucketSituation,
  bitbucket: BitbucketRepository,
  { key, secured, note, toValue }: NewVariable,
): Step {
  return decide(`Bitbucket: variable ${key}`, variables, (all) => {
    const present = all.find((each) => each.key === key);
    const run = (made: Made) => bitbucket.ensureVariable({ key, value: toValue(made), secured });
    if (present === undefined) return { state: 'create', note, run };
    const old = present.secured ? 'secured' : (present.value ?? 'empty');
    return { state: 'change', note: `${old} → ${note}`, run };
  });
}
