import { randomBytes } from 'node:crypto';
import type { MirrorError } from '../errors';
import { type Backup, isReplacement, type Plan, type RefPush } from '../plan/plan';
import type { RefMap } from '../plan/refs';
import { toGreaterLfs } from '../report/lfs';
import {
  countRefs,
  type LfsOutcome,
  mergeOutcomes,
  type Outcome,
  type RefOutcome,
  toVerdict,
} from '../report/outcome';
import type { Log } from '../system/context';
import type { RefResult } from './porcelain';
import { judgeOutcomes, toPlannedOutcomes } from './verify';

/** One plan of the run, and what is known of the pushes that carry it out. */
interface Attempt {
  plan: Plan;
  readonly kind: 'push' | 'dry-run' | 'gone';
  readonly fallback: boolean;
  readonly sent: Set<string>;
  readonly answers: Map<string, RefResult>;
  after?: RefMap;
  /** What it came to, once that was worked out; anything that happens later undoes it. */
  judged?: { readonly failure: MirrorError | undefined; readonly refs: readonly RefOutcome[] } | undefined;
}

/**
 * What one run does to the destination, recorded while it happens. Outcome, report and exit code are made from it,
 * however the run ends; a value that a push takes away is logged before the push.
 */
export class Journal {
  /** Names the run among others that push to the same destination. */
  readonly run = randomBytes(4).toString('hex');
  readonly #log: Pick<Log, 'warn'>;
  #earlier: readonly RefOutcome[] = [];
  #attempt: Attempt | undefined;
  #lfs: LfsOutcome | undefined;
  #bytes = 0;

  constructor(log: Pick<Log, 'warn'>) {
    this.#log = log;
  }

  /** The destination as an attempt found it. It also shows what an earlier attempt did whose result could not be read. */
  looked(refs: RefMap): void {
    if (this.#attempt?.kind === 'push' && this.#attempt.after === undefined) this.verified(refs);
  }

  /** A new attempt has a plan. */
  planned(
    plan: Plan,
    { kind = 'push', fallback = false }: Partial<Pick<Attempt, 'kind' | 'fallback'>> = {},
  ): void {
    this.#earlier = this.refs();
    this.#attempt = { plan, kind, fallback, sent: new Set(), answers: new Map() };
  }

  /** The plan of this attempt had to leave something out. */
  revised(plan: Plan): void {
    if (this.#attempt !== undefined) this.#attempt.plan = plan;
  }

  settledLfs(lfs: LfsOutcome | undefined): void {
    this.#lfs = toGreaterLfs(this.#lfs, lfs);
  }

  /** Call before the push that carries these updates. `isOurs`: refs that exist for the transfer only. */
  sending(updates: readonly (RefPush | Backup)[], isOurs: (ref: string) => boolean): void {
    for (const update of updates) {
      this.#attempt?.sent.add(update.ref);
      if (update.action === 'backup' || !isReplacement(update) || isOurs(update.ref)) continue;
      this.#log.warn(
        `will ${update.action === 'delete' ? 'delete' : 'replace'} ${update.ref}, was ${update.old}`,
      );
    }
  }

  /** `words`: what the server and git said of the push besides. */
  answered(results: readonly RefResult[], words: string | undefined, bytes: number): void {
    for (const result of results)
      this.#attempt?.answers.set(result.ref, { ...result, ...(words !== undefined && { words }) });
    this.#bytes += bytes;
  }

  hasSent(): boolean {
    return (this.#attempt?.sent.size ?? 0) > 0;
  }

  answer(ref: string): RefResult | undefined {
    return this.#attempt?.answers.get(ref);
  }

  /** The destination as it is after the pushes of this attempt. */
  verified(refs: RefMap): void {
    if (this.#attempt !== undefined) Object.assign(this.#attempt, { after: refs, judged: undefined });
  }

  /** What this attempt came to, ref by ref. Call when it has ended. */
  attempted(failure?: MirrorError): readonly RefOutcome[] {
    const attempt = this.#attempt;
    if (attempt === undefined) return [];
    const { judged } = attempt;
    if (judged !== undefined && (failure === undefined || failure === judged.failure)) return judged.refs;
    const isDry = attempt.kind === 'dry-run' && failure === undefined;
    const refs = isDry
      ? toPlannedOutcomes(attempt.plan)
      : judgeOutcomes(attempt.plan, { ...attempt, failure });
    attempt.judged = { failure, refs };
    return refs;
  }

  /** What the whole run came to so far, ref by ref. */
  refs(failure?: MirrorError): readonly RefOutcome[] {
    return mergeOutcomes(this.#earlier, this.attempted(failure));
  }

  /** How the run ended; undefined when it had no plan, so that there is nothing to say of any ref. */
  toOutcome(failure?: MirrorError): Outcome | undefined {
    if (this.#attempt === undefined) return undefined;
    const { kind, fallback } = this.#attempt;
    const refs = this.refs(failure);
    const counts = countRefs(refs);
    const verdicts = {
      push: failure === undefined ? toVerdict(counts) : 'not-mirrored',
      'dry-run': 'planned',
      gone: 'gone',
    } as const;
    return { verdict: verdicts[kind], refs, counts, bytes: this.#bytes, fallback, lfs: this.#lfs, failure };
  }
}
