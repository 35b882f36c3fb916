import { type FaultKind, faultKinds } from './faults';
import { type CampaignRun, runOnce } from './run';

export interface Figures {
  readonly runs: number;
  readonly failed: readonly CampaignRun[];
  readonly pipes: number;
  readonly attempts: number;
  readonly changes: number;
  readonly slices: number;
  readonly exitCodes: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly seconds: number;
}

/** Runs the seeds `seed`, `seed + 1`, … , two at a time, until `signal` says that it is enough. Tells `onRun` of each. */
export async function runCampaign(
  runs: number,
  seed: number,
  signal: AbortSignal,
  onRun: (run: CampaignRun, done: number) => void = () => undefined,
): Promise<Figures> {
  const start = Date.now();
  const done: CampaignRun[] = [];
  const seeds = Array.from({ length: runs }, (_, index) => seed + index).values();
  async function work() {
    for (const next of seeds) {
      if (signal.aborted) return;
      const run = await runOnce(next).catch((error: Error) => toBroken(next, error));
      // The stories of runs that went well are not worth their memory.
      done.push(run.violations.length === 0 ? { ...run, story: '' } : run);
      onRun(run, done.length);
    }
  }
  await Promise.all([work(), work()]);
  return toFigures(done, (Date.now() - start) / 1_000);
}

/** A run that the campaign itself could not bring to its end. */
function toBroken(seed: number, error: Error): CampaignRun {
  const violations = [`the run broke off: ${error.stack}`];
  const nothing = { faults: [], pipes: 0, attempts: 0, exitCodes: [], changes: 0, slices: 0, story: '' };
  return { seed, violations, ...nothing };
}

function toFigures(done: readonly CampaignRun[], seconds: number): Figures {
  const sum = (value: (run: CampaignRun) => number) => done.reduce((total, run) => total + value(run), 0);
  const count = (kind: FaultKind) => sum(({ faults }) => faults.filter((each) => each === kind).length);
  const exitCodes: Record<string, number> = {};
  for (const exitCode of done.flatMap((run) => run.exitCodes)) {
    const name = exitCode === null ? 'SIGKILL' : String(exitCode);
    exitCodes[name] = (exitCodes[name] ?? 0) + 1;
  }
  return {
    runs: done.length,
    failed: done.filter((run) => run.violations.length > 0),
    pipes: sum((run) => run.pipes),
    attempts: sum((run) => run.attempts),
    changes: sum((run) => run.changes),
    slices: sum((run) => run.slices),
    exitCodes,
    faults: Object.fromEntries(faultKinds.map((kind) => [kind, count(kind)])),
    seconds,
  };
}
