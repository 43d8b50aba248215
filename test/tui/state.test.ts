import { describe, expect, test } from 'vitest';
import {
  type Action,
  bodyHeight,
  initialState,
  type KeyName,
  ruleRows,
  shownRules,
  type TuiState,
} from '../../harness/tui/shape.js';
import { reduce } from '../../harness/tui/state.js';
import { bodyLength, frame } from '../../harness/tui/views.js';
import { emptyResult, fixtureEvents, fixtureResult } from './fixture-result.js';

const key = (name: KeyName): Action => ({ event: 'key', key: name });
const type = (text: string): Action[] =>
  Array.from(text).map((char) => ({ event: 'key', key: 'text', text: char }));
const play = (state: TuiState, ...actions: readonly Action[]): TuiState =>
  actions.reduce(reduce, state);
const finished: Action = { event: 'finished', result: fixtureResult };
const text = (state: TuiState): string => {
  const { title, body, keys } = frame(state);
  return [title, ...body, keys].map((spans) => spans.map((part) => part.text).join('')).join('\n');
};

const start = initialState(80, 24);
const done = play(start, finished);
const rules = play(done, ...type('2'));

describe('while the drill runs', () => {
  const events = fixtureEvents();

  test('the stage that began last runs and those before it are done', () => {
    const state = play(
      start,
      { event: 'stage', stage: 'plan' },
      { event: 'stage', stage: 'simulate' },
    );
    expect(text(state)).toContain('✓ plan   ▸ simulate   · detect');
  });

  test('a technique fills in when an attack of it is caught', () => {
    const known = initialState(80, 24, [{ id: 'T1114.003', name: 'Email Forwarding Rule' }]);
    expect(text(known)).toContain('○ none caught yet');
    const caught = play(known, {
      event: 'caught',
      scenario: 'forward-everything',
      technique: 'T1114.003',
      kind: 'attack',
      rule: 'EM-InRule-EX',
      moment: 0,
    });
    expect(text(caught)).toContain('● caught      forward-everything by EM-InRule-EX');
    expect(text(caught)).toContain('○ look-alikes quiet so far');
  });

  test('an alert on a look-alike shows as such', () => {
    const state = play(start, {
      event: 'caught',
      scenario: 'payslip-to-self',
      technique: 'T1048.003',
      kind: 'look-alike',
      rule: 'EM-UD-F',
      moment: 0,
    });
    expect(text(state)).toContain('! look-alike  payslip-to-self by EM-UD-F');
    expect(text(state)).toContain('○ none caught yet');
  });

  test('what is kept stays bounded, however long the drill runs', () => {
    const long = play(start, ...Array.from({ length: 40 }, () => events).flat());
    expect(long.drill.speeds.length).toBeLessThanOrEqual(200);
    expect(long.drill.caught.length).toBeLessThanOrEqual(1000);
    const warned = play(
      start,
      ...Array.from({ length: 500 }, (_, k): Action => ({ event: 'warning', message: `w${k}` })),
    );
    expect(warned.drill.warnings).toHaveLength(50);
    expect(warned.drill.warnings.at(-1)).toBe('w499');
  });

  test('other screens cannot be opened before there is a result', () => {
    expect(play(start, ...type('2'), key('tab'), key('enter')).screen).toBe('drill');
  });

  test('the end of the drill opens the overview', () => {
    expect(play(start, ...events, finished).screen).toBe('overview');
  });
});

describe('screens', () => {
  test('tab goes round and shift-tab back', () => {
    expect(play(done, key('tab')).screen).toBe('rules');
    expect(play(done, key('tab'), key('tab')).screen).toBe('drill');
    expect(play(done, key('tab'), key('tab'), key('tab')).screen).toBe('overview');
    expect(play(done, key('back-tab')).screen).toBe('drill');
  });

  test('enter opens the rule under the cursor and esc goes back to it', () => {
    const open = play(rules, ...type('jj'), key('enter'));
    expect(open.screen).toBe('rule');
    const back = play(open, key('escape'));
    expect(back.screen).toBe('rules');
    expect(back.selected).toBe(open.selected);
    expect(text(open)).toContain(open.selected);
  });

  test('n and p walk through rules in the order of the table', () => {
    const order = shownRules(rules).map((rule) => rule.id);
    const open = play(rules, key('enter'));
    expect(play(open, ...type('nn')).selected).toBe(order[2]);
    expect(play(open, ...type('nnp')).selected).toBe(order[1]);
    expect(play(open, ...type('p')).selected).toBe(order[0]);
  });

  test('q and ctrl-c quit, but q is a letter in a filter', () => {
    expect(play(start, ...type('q')).quit).toBe(true);
    expect(play(rules, ...type('/q')).quit).toBe(false);
    expect(play(rules, ...type('/q'), key('interrupt')).quit).toBe(true);
  });

  test('help covers any screen and leaves it as it was', () => {
    const helped = play(rules, ...type('jjj?'));
    expect(text(helped)).toContain('filter rules by words');
    const back = play(helped, key('escape'));
    expect({ ...back, scroll: undefined }).toEqual({
      ...play(rules, ...type('jjj')),
      scroll: undefined,
    });
  });
});

describe('table of rules', () => {
  test('the cursor moves by one, by a page and to both ends, and stops there', () => {
    const ids = shownRules(rules).map((rule) => rule.id);
    expect(rules.selected).toBe(ids[0]);
    expect(play(rules, key('up')).selected).toBe(ids[0]);
    expect(play(rules, key('down'), ...type('j')).selected).toBe(ids[2]);
    expect(play(rules, ...type('jjk')).selected).toBe(ids[1]);
    expect(play(rules, key('page-down')).selected).toBe(ids[ruleRows(rules) - 1]);
    expect(play(rules, ...type('G')).selected).toBe(ids.at(-1));
    expect(play(rules, ...type('Gj')).selected).toBe(ids.at(-1));
    expect(play(rules, ...type('Gg')).selected).toBe(ids[0]);
    expect(play(rules, key('end'), key('page-up'), key('home')).selected).toBe(ids[0]);
  });

  test('the cursor is on a visible row after any walk and any change of size', () => {
    const steps: Action[] = [
      ...type('jjjjjjjjjjjjjjjjjjjjjjjjjjj'),
      { event: 'resize', columns: 80, rows: 16 },
      ...type('kkkkkkkkkkkkkkkkkkkk'),
      key('page-down'),
      { event: 'resize', columns: 200, rows: 60 },
      ...type('G'),
      { event: 'resize', columns: 60, rows: 15 },
      ...type('gss/mail'),
    ];
    let state = rules;
    for (const step of steps) {
      state = reduce(state, step);
      const { body, cursor } = frame(state);
      expect(cursor).toBeGreaterThanOrEqual(2);
      expect(cursor).toBeLessThan(body.length);
      expect(body.length).toBeLessThanOrEqual(bodyHeight(state));
    }
  });

  test('s sorts by each order in turn', () => {
    const value = (state: TuiState) => shownRules(state)[0];
    const byRule = play(rules, ...type('s'));
    expect(byRule.order).toBe('rule');
    expect(value(byRule)?.id).toBe('EM-Attachments');
    const byFalse = play(rules, ...type('sss'));
    expect(byFalse.order).toBe('false alerts');
    expect(value(byFalse)?.id).toBe('EM-PublicDomain');
    expect(play(rules, ...type('sS')).order).toBe('verdict');
    expect(play(rules, ...type('ssssss')).order).toBe('verdict');
  });

  test('a failed gate comes first when sorted by verdict', () => {
    expect(rules.selected).toBe('EM-PublicDomain');
  });

  test('a filter keeps rules with all its words, in any case', () => {
    const filtered = play(rules, ...type('/t1114 PUBLIC'));
    expect(shownRules(filtered).map((rule) => rule.id)).toEqual(['EM-InRule-Public']);
    expect(filtered.selected).toBe('EM-InRule-Public');
    expect(play(filtered, key('backspace')).filter).toBe('t1114 PUBLI');
    expect(play(filtered, key('enter'), ...type('j')).filter).toBe('t1114 PUBLIC');
    expect(shownRules(play(filtered, key('escape')))).toHaveLength(41);
  });

  test('a filter that nothing passes says so and opens nothing', () => {
    const none = play(rules, ...type('/zzz'), key('enter'), key('enter'));
    expect(none.screen).toBe('rules');
    expect(text(none)).toContain('No rule passes the filter.');
    expect(frame(none).cursor).toBeUndefined();
    expect(play(none, key('escape')).filter).toBe('');
  });
});

describe('windows', () => {
  test('a rule scrolls to its last line and no further', () => {
    const open = play(rules, key('enter'), ...type('G'));
    expect(open.scroll.rule).toBe(bodyLength(open) - bodyHeight(open));
    expect(reduce(open, key('down')).scroll.rule).toBe(open.scroll.rule);
    expect(play(open, ...type('g')).scroll.rule).toBe(0);
  });

  test('a window that grows shows no empty space after its last line', () => {
    const low = play(rules, key('enter'), ...type('G'), {
      event: 'resize',
      columns: 80,
      rows: 60,
    });
    expect(low.scroll.rule).toBe(Math.max(0, bodyLength(low) - bodyHeight(low)));
  });

  test.each([
    [60, 15],
    [80, 24],
    [120, 40],
    [200, 60],
    [59, 15],
    [20, 5],
    [1, 1],
  ])('at %i×%i no screen is wider or higher than the terminal', (columns, rows) => {
    const small = reduce(done, { event: 'resize', columns, rows });
    const screens = [
      play(initialState(columns, rows), ...fixtureEvents()),
      small,
      play(small, ...type('2')),
      play(small, ...type('2'), key('enter')),
      play(small, ...type('2/mail')),
      play(small, ...type('3')),
      play(small, ...type('?')),
      play(initialState(columns, rows), { event: 'finished', result: emptyResult }),
      play(initialState(columns, rows), { event: 'finished', result: emptyResult }, ...type('2')),
    ];
    for (const state of screens) {
      const shown = text(state).split('\n');
      expect(shown.length - 2).toBeLessThanOrEqual(bodyHeight(state));
      for (const row of shown) expect(Array.from(row).length).toBeLessThanOrEqual(columns);
    }
  });

  test('below 60×15 it says that the terminal is too small', () => {
    expect(text(reduce(done, { event: 'resize', columns: 59, rows: 24 }))).toContain(
      'terminal too small',
    );
    expect(text(reduce(done, { event: 'resize', columns: 80, rows: 14 }))).toContain(
      'terminal too small',
    );
    expect(text(reduce(done, { event: 'resize', columns: 60, rows: 15 }))).not.toContain(
      'too small',
    );
  });
});

test('escape sequences from log lines reach no screen', () => {
  const hostile = {
    ...fixtureResult,
    unparsed: [{ reason: 'bad\x1b[2J', text: 'a\x1b]0;owned\x07b\u202e', count: 14 }],
  };
  const state = play(
    start,
    { event: 'warning', message: 'x\x1b[31m' },
    { event: 'finished', result: hostile },
    { event: 'resize', columns: 80, rows: 90 },
  );
  for (const shown of [text(state), text(play(state, ...type('3')))]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(shown).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f\u202e]/);
  }
  expect(text(state)).toContain('bad�[2J');
});
