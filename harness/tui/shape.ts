/** What the TUI knows, and what follows from it without drawing. */
import type { RunEvent, Stage } from '../events.js';
import { clean } from '../format.js';
import type { RuleResult, RunResult } from '../result.generated.js';
import { type RuleOrder, ruleOrders } from '../summary.js';

export type Screen = 'drill' | 'overview' | 'rules' | 'rule';

export type KeyName =
  | 'up'
  | 'down'
  | 'page-up'
  | 'page-down'
  | 'home'
  | 'end'
  | 'enter'
  | 'escape'
  | 'tab'
  | 'back-tab'
  | 'backspace'
  | 'interrupt';

export type Key =
  | { readonly event: 'key'; readonly key: KeyName }
  /** One character. */
  | { readonly event: 'key'; readonly key: 'text'; readonly text: string };

export type Resize = { readonly event: 'resize'; readonly columns: number; readonly rows: number };

export type Action = RunEvent | Key | Resize;

export type Caught = Extract<RunEvent, { event: 'caught' }>;

export interface Drill {
  /** In the order in which they began; the last one runs. */
  readonly stages: readonly Stage[];
  readonly progress: Extract<RunEvent, { event: 'progress' }> | undefined;
  /** Lines per second while lines ran, the latest last. */
  readonly speeds: readonly number[];
  readonly caught: readonly Caught[];
  readonly warnings: readonly string[];
}

export interface TuiState {
  readonly columns: number;
  readonly rows: number;
  readonly screen: Screen;
  readonly help: boolean;
  readonly quit: boolean;
  /** Techniques to show before anything is caught. */
  readonly techniques: readonly TechniqueName[];
  readonly drill: Drill;
  readonly result: RunResult | undefined;
  readonly order: RuleOrder;
  readonly filter: string;
  /** The filter takes the keys. */
  readonly typing: boolean;
  /** Id of the rule under the cursor. */
  readonly selected: string | undefined;
  /** First row of the table of rules that is shown. */
  readonly top: number;
  /** First line shown of every other screen. */
  readonly scroll: Readonly<Record<Exclude<Screen, 'rules'> | 'help', number>>;
}

export interface TechniqueName {
  readonly id: string;
  readonly name: string;
}

export const smallest = { columns: 60, rows: 15 };

export function initialState(
  columns: number,
  rows: number,
  techniques: readonly TechniqueName[] = [],
): TuiState {
  return {
    columns,
    rows,
    screen: 'drill',
    help: false,
    quit: false,
    techniques: clean([...techniques]),
    drill: { stages: [], progress: undefined, speeds: [], caught: [], warnings: [] },
    result: undefined,
    order: 'verdict',
    filter: '',
    typing: false,
    selected: undefined,
    top: 0,
    scroll: { drill: 0, overview: 0, rule: 0, help: 0 },
  };
}

export const tooSmall = (state: TuiState): boolean =>
  state.columns < smallest.columns || state.rows < smallest.rows;

/** Lines between the title and the keys. The last row stays free: Ink clears a full screen. */
export const bodyHeight = (state: TuiState): number => Math.max(1, state.rows - 4);

/** Rows of the table of rules that fit under its two head lines. */
export const ruleRows = (state: TuiState): number => Math.max(1, bodyHeight(state) - 2);

/** Rules that pass the filter, in the chosen order. */
export function shownRules(state: TuiState): RuleResult[] {
  const { result } = state;
  if (!result) return [];
  const wanted = state.filter.toLowerCase().split(' ');
  return result.rules
    .filter((rule) => {
      const text = `${rule.id} ${rule.name} ${rule.technique}`.toLowerCase();
      return wanted.every((word) => text.includes(word));
    })
    .sort(ruleOrders[state.order](result));
}

/** What the arrows scroll; undefined on the table of rules, where they move the cursor. */
export function scrolled(state: TuiState): keyof TuiState['scroll'] | undefined {
  if (state.help) return 'help';
  return state.screen === 'rules' ? undefined : state.screen;
}
