import {
  type MirrorState,
  pathsAtMost,
  type RepositoryState,
  type RunRecord,
  runsAtMost,
} from './repositoryState';
import type { StateChange } from './store';

interface Entry {
  state?: RepositoryState;
  /** The newest last. */
  runs: readonly RunRecord[];
}

/** The whole state in memory, as the changes make it. */
export interface StateMemory {
  apply(change: StateChange): void;
  repositories(mirror: string): readonly RepositoryState[];
  repository(mirror: string, identity: string): RepositoryState | undefined;
  runs(mirror: string, identity: string): readonly RunRecord[];
  mirror(name: string): MirrorState | undefined;
  /** The fewest changes that make the same state. */
  changes(): Iterable<StateChange>;
}

export function createMemory(): StateMemory {
  const mirrors = new Map<string, MirrorState>();
  const entries = new Map<string, Map<string, Entry>>();

  function entryOf(mirror: string, identity: string): Entry {
    const ofMirror = entries.get(mirror) ?? new Map<string, Entry>();
    entries.set(mirror, ofMirror);
    const entry = ofMirror.get(identity) ?? { runs: [] };
    ofMirror.set(identity, entry);
    return entry;
  }

  function apply(change: StateChange): void {
    switch (change.kind) {
      case 'repository':
        entryOf(change.state.mirror, change.state.identity).state = withFewPaths(change.state);
        break;
      case 'runs': {
        const entry = entryOf(change.mirror, change.identity);
        entry.runs = [...entry.runs, ...change.runs].slice(-runsAtMost);
        break;
      }
      case 'mirror':
        mirrors.set(change.state.mirror, change.state);
        break;
      case 'forget':
        entries.get(change.mirror)?.delete(change.identity);
    }
  }

  function* changes(): Generator<StateChange> {
    for (const state of mirrors.values()) yield { kind: 'mirror', state };
    for (const [mirror, ofMirror] of entries)
      for (const [identity, { state, runs }] of ofMirror) {
        if (state !== undefined) yield { kind: 'repository', state };
        if (runs.length > 0) yield { kind: 'runs', mirror, identity, runs };
      }
  }

  return {
    apply,
    repositories: (mirror) =>
      [...(entries.get(mirror)?.values() ?? [])].flatMap(({ state }) => (state === undefined ? [] : [state])),
    repository: (mirror, identity) => entries.get(mirror)?.get(identity)?.state,
    runs: (mirror, identity) => [...(entries.get(mirror)?.get(identity)?.runs ?? [])],
    mirror: (name) => mirrors.get(name),
    changes,
  };
}

function withFewPaths(state: RepositoryState): RepositoryState {
  if (state.formerPaths.length <= pathsAtMost) return state;
  return { ...state, formerPaths: state.formerPaths.slice(-pathsAtMost) };
}
