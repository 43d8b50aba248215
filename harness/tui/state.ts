/** How the TUI changes: `reduce(state, action)`, pure. */
import { clean } from '../format.js';
import { type RuleOrder, ruleOrders } from '../summary.js';
import {
  type Action,
  bodyHeight,
  type Drill,
  type Key,
  ruleRows,
  type Screen,
  scrolled,
  shownRules,
  type TuiState,
} from './shape.js';
import { bodyLength } from './views.js';

/** The state is redrawn ten times a second, so what it keeps is bounded. */
const kept = { speeds: 200, caught: 1000, warnings: 50 };

export function reduce(state: TuiState, action: Action): TuiState {
  switch (action.event) {
    case 'resize':
      return settle({ ...state, columns: action.columns, rows: action.rows });
    case 'key':
      return settle(press(state, action));
    case 'finished':
      return settle({
        ...state,
        result: clean(action.result),
        screen: 'overview',
        selected: undefined,
      });
    case 'stage': {
      const before = state.drill.stages.filter((stage) => stage !== action.stage);
      return drilled(state, { stages: [...before, action.stage] });
    }
    case 'progress': {
      const { speeds } = state.drill;
      const speed = action.lines_per_second;
      return drilled(state, {
        progress: action,
        speeds: speed > 0 ? [...speeds, speed].slice(-kept.speeds) : speeds,
      });
    }
    case 'caught':
      return drilled(state, {
        caught: [...state.drill.caught, clean(action)].slice(-kept.caught),
      });
    case 'warning':
      return drilled(state, {
        warnings: [...state.drill.warnings, clean(action.message)].slice(-kept.warnings),
      });
  }
}

const drilled = (state: TuiState, change: Partial<Drill>): TuiState => ({
  ...state,
  drill: { ...state.drill, ...change },
});

/** Keeps the cursor on a rule that is shown and every window inside what it shows. */
function settle(state: TuiState): TuiState {
  const rules = shownRules(state);
  const at = rules.findIndex((rule) => rule.id === state.selected);
  const index = Math.max(0, at);
  const room = ruleRows(state);
  const top = Math.min(
    Math.max(state.top, index - room + 1),
    index,
    Math.max(0, rules.length - room),
  );
  const placed = { ...state, selected: rules[index]?.id ?? state.selected, top };
  const pane = scrolled(placed);
  if (pane === undefined || placed.scroll[pane] === 0) return placed;
  const most = Math.max(0, bodyLength(placed) - bodyHeight(placed));
  const scroll = Math.min(placed.scroll[pane], most);
  return { ...placed, scroll: { ...placed.scroll, [pane]: scroll } };
}

const screens: readonly Screen[] = ['overview', 'rules', 'drill'];

function press(state: TuiState, action: Key): TuiState {
  if (action.key === 'interrupt') return { ...state, quit: true };
  if (state.typing) return typed(state, action);
  const letter = action.key === 'text' ? action.text : undefined;
  if (letter === 'q') return { ...state, quit: true };
  if (letter === '?') return { ...state, help: !state.help, scroll: { ...state.scroll, help: 0 } };
  const steps = stepsOf(state, action, letter);
  if (steps !== undefined) return move(state, steps);
  if (state.help) return action.key === 'escape' ? { ...state, help: false } : state;
  if (!state.result) return state;
  if (action.key === 'escape') return back(state);
  if (letter === '1' || letter === '2' || letter === '3') {
    return { ...state, screen: screens[Number(letter) - 1] ?? state.screen };
  }
  if (action.key === 'tab' || action.key === 'back-tab') {
    const step = action.key === 'tab' ? 1 : screens.length - 1;
    const at = screens.indexOf(state.screen === 'rule' ? 'rules' : state.screen);
    return { ...state, screen: screens[(at + step) % screens.length] ?? state.screen };
  }
  return state.screen === 'rules'
    ? pressOnRules(state, action, letter)
    : state.screen === 'rule'
      ? pressOnRule(state, letter)
      : state;
}

function pressOnRules(state: TuiState, action: Key, letter: string | undefined): TuiState {
  if (action.key === 'enter' && shownRules(state).length > 0) {
    return { ...state, screen: 'rule', scroll: { ...state.scroll, rule: 0 } };
  }
  if (letter === '/') return { ...state, typing: true };
  if (letter === 's' || letter === 'S') {
    const orders = Object.keys(ruleOrders) as RuleOrder[];
    const step = letter === 's' ? 1 : orders.length - 1;
    const next = orders[(orders.indexOf(state.order) + step) % orders.length];
    // The new order is looked at from its start.
    const sorted = { ...state, order: next ?? state.order };
    return { ...sorted, selected: shownRules(sorted)[0]?.id, top: 0 };
  }
  return state;
}

function pressOnRule(state: TuiState, letter: string | undefined): TuiState {
  const step = letter === 'n' ? 1 : letter === 'p' ? -1 : 0;
  if (step === 0) return state;
  const rules = shownRules(state);
  const next = rules[rules.findIndex((rule) => rule.id === state.selected) + step];
  return next === undefined
    ? state
    : { ...state, selected: next.id, scroll: { ...state.scroll, rule: 0 } };
}

function back(state: TuiState): TuiState {
  if (state.screen === 'rule') return { ...state, screen: 'rules' };
  if (state.screen === 'rules') return { ...state, filter: '' };
  return state;
}

function typed(state: TuiState, action: Key): TuiState {
  switch (action.key) {
    case 'text':
      return { ...state, filter: state.filter + action.text };
    case 'backspace':
      return { ...state, filter: Array.from(state.filter).slice(0, -1).join('') };
    case 'enter':
      return { ...state, typing: false };
    case 'escape':
      return { ...state, typing: false, filter: '' };
    case 'up':
      return move(state, -1);
    case 'down':
      return move(state, 1);
    default:
      return state;
  }
}

/** How far a key moves, or undefined where it does not move. */
function stepsOf(state: TuiState, action: Key, letter: string | undefined): number | undefined {
  const page = Math.max(
    1,
    (scrolled(state) === undefined ? ruleRows(state) : bodyHeight(state)) - 1,
  );
  switch (letter ?? action.key) {
    case 'up':
    case 'k':
      return -1;
    case 'down':
    case 'j':
      return 1;
    case 'page-up':
    case 'b':
      return -page;
    case 'page-down':
    case ' ':
      return page;
    case 'home':
    case 'g':
      return Number.NEGATIVE_INFINITY;
    case 'end':
    case 'G':
      return Number.POSITIVE_INFINITY;
    default:
      return undefined;
  }
}

function move(state: TuiState, steps: number): TuiState {
  const pane = scrolled(state);
  if (pane !== undefined) {
    const most = Math.max(0, bodyLength(state) - bodyHeight(state));
    const line = Math.min(most, Math.max(0, state.scroll[pane] + steps));
    return { ...state, scroll: { ...state.scroll, [pane]: line } };
  }
  const rules = shownRules(state);
  const at = rules.findIndex((rule) => rule.id === state.selected);
  const next = rules[Math.min(rules.length - 1, Math.max(0, at + steps))];
  return next === undefined ? state : { ...state, selected: next.id };
}
