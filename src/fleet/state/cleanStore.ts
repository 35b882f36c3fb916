import type { FleetStore, StateChange } from './store';

/**
 * The store, which saves the texts of errors as the log shows them: `clean` removes secrets and control characters. A host
 * may repeat in its answer what it was sent.
 */
export function toCleanStore(store: FleetStore, clean: (text: string) => string): FleetStore {
  const { update } = store;
  return {
    readRepositories: (mirror) => store.readRepositories(mirror),
    readRepository: (mirror, identity) => store.readRepository(mirror, identity),
    readRuns: (mirror, identity) => store.readRuns(mirror, identity),
    readMirror: (mirror) => store.readMirror(mirror),
    write: (changes) => store.write(changes.map((change) => toCleanChange(change, clean))),
    update:
      update &&
      ((key, change) => update(key, (known) => change(known).map((each) => toCleanChange(each, clean)))),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

function toCleanChange(change: StateChange, clean: (text: string) => string): StateChange {
  if (change.kind === 'repository') return { ...change, state: toCleanState(change.state, clean) };
  if (change.kind === 'mirror') return { ...change, state: toCleanState(change.state, clean) };
  return change;
}

interface Problem {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

function toCleanState<T extends { readonly problem?: Problem | undefined }>(
  state: T,
  clean: (text: string) => string,
): T {
  if (state.problem === undefined) return state;
  const { code, message, remedy } = state.problem;
  return { ...state, problem: { code, message: clean(message), remedy: clean(remedy) } };
}
