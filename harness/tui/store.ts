import { type Action, initialState, type TechniqueName, type TuiState } from './shape.js';
import { reduce } from './state.js';

/** Holds the state of the TUI and tells its listeners, once for all that changed in one turn. */
export interface Store {
  read(this: void): TuiState;
  dispatch(this: void, action: Action): void;
  /** Returns the way to stop listening. */
  subscribe(this: void, listener: () => void): () => void;
}

/** Drawing takes time from the run: progress alone is drawn no more often than this, in ms. */
const progressEvery = 200;

export function createStore(
  columns: number,
  rows: number,
  techniques: readonly TechniqueName[] = [],
): Store {
  let state = initialState(columns, rows, techniques);
  let told = true;
  let progressAt = Number.NEGATIVE_INFINITY;
  const listeners = new Set<() => void>();
  return {
    read: () => state,
    dispatch(action) {
      state = reduce(state, action);
      if (action.event === 'progress') {
        const now = performance.now();
        if (now - progressAt < progressEvery) return;
        progressAt = now;
      }
      if (!told) return;
      told = false;
      setImmediate(() => {
        told = true;
        for (const listener of [...listeners]) listener();
      });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
