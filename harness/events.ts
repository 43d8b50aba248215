import type { RunResult } from './result.generated.js';

/** Stages of a drill, in order. */
export type Stage = 'plan' | 'simulate' | 'detect' | 'label' | 'measure';

/**
 * What a run tells while it goes. Faces draw these and the result, and see nothing else.
 * Progress comes at most ten times a second; every other event comes once where its name says.
 */
export type RunEvent =
  | { readonly event: 'stage'; readonly stage: Stage }
  | {
      readonly event: 'progress';
      readonly stage: Stage;
      /** 0 to 1 of the whole drill. */
      readonly done: number;
      readonly lines: number;
      readonly events: number;
      readonly triggers: number;
      readonly lines_per_second: number;
      /** Simulated moment, ms since 1970 UTC. */
      readonly moment: number;
    }
  /** An instance of a scenario was caught by a rule, the first time. */
  | {
      readonly event: 'caught';
      readonly scenario: string;
      readonly technique: string;
      readonly kind: 'attack' | 'look-alike';
      readonly rule: string;
      readonly moment: number;
    }
  | { readonly event: 'warning'; readonly message: string }
  | { readonly event: 'finished'; readonly result: RunResult };
