import { randomBytes } from 'node:crypto';
import type { MirrorError } from '../errors';
import { type Backup, isReplacement, type Plan, type RefPush } from '../plan/plan';
import type { RefMap } from '../plan/refs';
import type { RefAnswer } from '../remote/pushing/pushSession';
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
import { judgeOutcomes, type RefResult, toPlannedOutcomes } from './verify';

/** One attempt of the run: its plan, and what is known about its pushes. */
interface Attempt {
  plan: Plan;
  readonly kind: 'push' | 'dry-run' | 'gone';
  readonly fallback: boolean;
  readonly sent: Set<string>;
  readonly answers: Map<string, RefResult>;
  after?: RefMap;
  /** The result, once computed. Later events reset it. */
  judged?: { readonly failure: MirrorError | undefined; readonly refs: readonly RefOutcome[] } | undefined;
}

/**
 * Records what a run does to the destination while it happens. Outcome, report and exit code are made from it, however
 * the run ends. A value that a push removes is logged before the push.
 */
export class Journal {
  /** Identifies the run among others that push to the same destination: `2026-11-26-0a1b2c3d`. */
  readonly run: string;
  readonly #log: Pick<Log, 'warn'>;
  #earlier: readonly RefOutcome[] = [];
  #attempt: Attempt | undefined;
  #lfs: LfsOutcome | undefined;
  #bytes = 0;

  constructor({ log, startedAt }: { readonly log: Pick<Log, 'warn'>; readonly startedAt: Date }) {
    this.#log = log;
    this.run = `${startedAt.toISOString().slice(0, 10)}-${randomBytes(4).toString('hex')}`;
  }

  /**
   * The destination as an attempt found it. This also shows the result of an earlier attempt that could not be verified,
   * or whose push broke off: the server may have completed that after the listing.
   */
  looked(refs: RefMap): void {
    const attempt = this.#attempt;
    if (attempt?.kind !== 'push') return;
    const { after, sent, answers, judged } = attempt;
    if (after !== undefined && [...sent].every((ref) => answers.has(ref))) return;
    this.verified(refs);
    this.attempted(judged?.failure);
  }

  /** A new attempt has a plan. */
  planned(
    plan: Plan,
    { kind = 'push', fallback = false }: Partial<Pick<Attempt, 'kind' | 'fallback'>> = {},
  ): void {
    this.#earlier = this.refs();
    this.#attempt = { plan, kind, fallback, sent: new Set(), answers: new Map() };
  }

  /** The plan of this attempt was reduced. */
  revised(plan: Plan): void {
    if (this.#attempt !== undefined) this.#attempt.plan = plan;
  }

  settledLfs(lfs: LfsOutcome | undefined): void {
    this.#lfs = toGreaterLfs(this.#lfs, lfs);
  }

  /** Call before the push of these updates. `isOurs`: refs that exist only for the transfer. */
  sending(updates: readonly (RefPush | Backup)[], isOurs: (ref: string) => boolean): void {
    for (const update of updates) {
      this.#attempt?.sent.add(update.ref);
      if (update.action === 'backup' || !isReplacement(update) || isOurs(update.ref)) continue;
      this.#log.warn(
        `will ${update.action === 'delete' ? 'delete' : 'replace'} ${update.ref}, was ${update.old}`,
      );
    }
  }

  /** `words`: further output of the server and of git. */
  answered(results: readonly RefAnswer[], words: string | undefined, bytes: number): void {
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

  /** The destination after the pushes of this attempt. */
  verified(refs: RefMap): void {
    if (this.#attempt !== undefined) Object.assign(this.#attempt, { after: refs, judged: undefined });
  }

  /** The result of this attempt, ref by ref. Call when it has ended. */
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

  /** The result of the whole run so far, ref by ref. */
  refs(failure?: MirrorError): readonly RefOutcome[] {
    return mergeOutcomes(this.#earlier, this.attempted(failure));
  }

  /** How the run ended. Undefined if there was no plan, so that there is no result for any ref. */
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
