import type { FaultKind } from './faults';
import type { Refs } from './history';
import type { Transition } from './journal';
import { isAncestorIn } from './model';
import type { PipeEnd } from './pipe';
import { isSelected, parseBackup, parseSlice } from './policy';
import type { Stage } from './stage';

/** What must never happen, held against every change that a run made at the destination. */
export interface Guard {
  /** Gives what is wrong with the changes of one run; `from` is the state of the source when it began. */
  judge(transitions: readonly Transition[], from: number, isFallback: boolean): Promise<string[]>;
}

/** `initial` is what the destination had before the first run, `head` its default branch. */
export function createGuard(stage: Stage, initial: Refs, head: () => Promise<string>): Guard {
  const { states, policy } = stage;
  /** ref → the first state of the source with the value that the mirror has reached. */
  const reached = new Map<string, number>();
  const first = (ref: string, value: string | undefined, from: number) =>
    states.findIndex((state, index) => index >= from && index <= stage.now() && state[ref] === value);
  const last = (ref: string, value: string) =>
    states.slice(0, stage.now() + 1).findLastIndex((state) => state[ref] === value);
  for (const [ref, value] of Object.entries(initial)) {
    const index = first(ref, value, 0);
    if (index >= 0) reached.set(ref, index);
  }
  const kept = new Set(Object.keys(initial).flatMap((ref) => (parseBackup(ref) ? [initial[ref]] : [])));

  function judgeOwn({ ref, old, new: value }: Transition): string[] | undefined {
    const slice = parseSlice(ref);
    if (slice !== undefined)
      return value === undefined || value === slice ? [] : ['a slice with another tip'];
    if (parseBackup(ref) === undefined) return undefined;
    kept.add(value);
    return [
      ...(policy.backup ? [] : ['a backup that nobody asked for']),
      ...(old === undefined && value !== undefined ? [] : ['a backup that changed']),
    ];
  }
  async function judgeReplacement({ ref, old, new: value }: Transition): Promise<string[]> {
    if (old === undefined) return [];
    const isBranch = ref.startsWith('refs/heads/');
    if (value !== undefined && isBranch && (await isAncestorIn(stage.world.destination, old, value)))
      return [];
    const mayReplace = value === undefined ? policy.prune : policy.force;
    return [
      ...(mayReplace ? [] : ['a value taken away without FORCE or PRUNE']),
      ...(value === undefined && ref === (await head()) ? ['the default branch deleted'] : []),
      ...(policy.backup && !kept.has(old) ? [`no backup of ${old} before it went`] : []),
    ];
  }
  function judgeTime({ ref, new: value }: Transition, from: number, isFallback: boolean): string[] {
    const before = reached.get(ref) ?? 0;
    if (value === undefined) {
      const gone = first(ref, undefined, Math.max(from, before));
      if (gone < 0) return ['deleted, and the source has it'];
      reached.set(ref, gone);
      return [];
    }
    const start = isFallback ? Math.min(from, stage.clonedAt) : from;
    const index = first(ref, value, start);
    if (index < 0) return ['a value that the source did not have in this run'];
    reached.set(ref, Math.max(index, before));
    return last(ref, value) < before && !isFallback ? ['moved backwards'] : [];
  }
  async function judgeOne(change: Transition, from: number, isFallback: boolean): Promise<string[]> {
    const own = judgeOwn(change);
    if (own !== undefined) return own;
    if (!isSelected(change.ref, policy)) return ['a ref outside the policy'];
    return [...(await judgeReplacement(change)), ...judgeTime(change, from, isFallback)];
  }
  return {
    async judge(transitions, from, isFallback) {
      const faults: string[] = [];
      for (const change of transitions) {
        if (change.by === 'somebody') reached.delete(change.ref);
        const found = change.by === 'somebody' ? [] : await judgeOne(change, from, isFallback);
        faults.push(
          ...found.map((fault) => `${fault}: ${change.ref} ${change.old ?? '-'} → ${change.new ?? '-'}`),
        );
      }
      return faults;
    },
  };
}

/** Whether a run's last words fit what happened to it. */
export function judgeEnd(
  { exitCode, signal, report, output, survivors }: PipeEnd,
  kinds: readonly FaultKind[],
  before: Refs,
  transitions: readonly Transition[],
): string[] {
  const isTerminated = kinds.some((kind) => kind.startsWith('SIGTERM'));
  const signals = [...(isTerminated ? [143] : []), ...(kinds.includes('SIGINT') ? [130] : [])];
  // A signal that comes before the program has begun ends it as it ends any other.
  const isKilled =
    signal !== null && kinds.some((kind) => kind.startsWith(signal)) && (signal === 'SIGKILL' || !output);
  const isAllowed = isKilled || [0, 1, ...signals].includes(exitCode ?? -1);
  const untrue = (report?.refs ?? []).filter(
    ({ ref, status, new: value }) =>
      /^(equal|new|fast-forward|forced|deleted)$/.test(status) &&
      (before[ref] ?? null) !== value &&
      !transitions.some((change) => change.ref === ref && (change.new ?? null) === value),
  );
  return [
    ...(isAllowed ? [] : [`exit code ${exitCode}, signal ${signal}`]),
    ...(report !== undefined && exitCode !== null && report.exitCode !== exitCode
      ? [`the report says exit code ${report.exitCode}`]
      : []),
    ...untrue.map(({ ref, status, new: value }) => `the report says ${status}, untrue: ${ref} ${value}`),
    ...(exitCode === 0 && !/^(\S*✔|.*✔)/m.test(output) ? ['exit code 0 without a good word'] : []),
    ...(/\[(internal|git-failed)\]/.exec(output) ?? [])
      .slice(0, 1)
      .map((code) => `a failure without a name: ${code}`),
    ...(signal === 'SIGKILL' ? [] : survivors.map((survivor) => `still running: ${survivor}`)),
  ];
}

/**
 * What a run does not say of the values that were taken away: each stands in the output of a run, before the push, and
 * in its report. Of a run that was killed there is no report.
 */
export async function judgeLosses(
  ends: readonly PipeEnd[],
  transitions: readonly Transition[],
  repository: string,
): Promise<string[]> {
  const faults: string[] = [];
  for (const { by, ref, old, new: value } of transitions) {
    if (by === 'somebody' || old === undefined || parseSlice(ref) !== undefined) continue;
    const isForward =
      value !== undefined && ref.startsWith('refs/heads/') && (await isAncestorIn(repository, old, value));
    if (isForward) continue;
    const told = ends.filter(({ output }) =>
      output.includes(`${value === undefined ? 'delete' : 'replace'} ${ref}, was ${old}`),
    );
    if (told.length === 0) faults.push(`no run said that it takes ${old} away from ${ref}`);
    const reported = told.some(({ exitCode, report }) => {
      const outcome = report?.refs.find((each) => each.ref === ref);
      return exitCode === null || outcome?.lost?.includes(old) === true;
    });
    if (told.length > 0 && !reported) faults.push(`no report has that ${ref} lost ${old}`);
  }
  return faults;
}

/** Tags of another run that went, though nothing else at the destination reaches their commit. */
export async function judgeSlices(
  transitions: readonly Transition[],
  after: Refs,
  repository: string,
): Promise<string[]> {
  const faults: string[] = [];
  const made = new Set(transitions.filter(({ new: value }) => value !== undefined).map(({ ref }) => ref));
  const tips = Object.entries(after).flatMap(([ref, tip]) => (parseSlice(ref) === undefined ? [tip] : []));
  for (const { ref, old, new: value } of transitions) {
    if (parseSlice(ref) === undefined || value !== undefined || old === undefined || made.has(ref)) continue;
    const reached = await Promise.all(tips.map((tip) => isAncestorIn(repository, old, tip)));
    if (!reached.includes(true)) faults.push(`the slice of another run is gone: ${ref}`);
  }
  return faults;
}

/** Backups that a run made, and then did not take away what they keep. */
export function judgeBackups(transitions: readonly Transition[]): string[] {
  return transitions.flatMap(({ ref, old, new: value }) => {
    const of = parseBackup(ref);
    if (of === undefined || old !== undefined) return [];
    const isLost = transitions.some(
      (each) => of.startsWith(each.ref) && each.old !== undefined && each.new !== each.old,
    );
    return isLost ? [] : [`a backup of what was not replaced: ${ref} ${value}`];
  });
}
