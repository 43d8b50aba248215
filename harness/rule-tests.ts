import type { ContentPack, ContentPlace, RuleEntry, RuleTest, TestStep } from '#content';
import {
  createEngine,
  type Directory,
  type Explanation,
  type Fields,
  type FieldValue,
  type LogRecord,
  type Program,
} from '#engine';

/** How one test of one rule went. */
export interface RuleTestOutcome {
  readonly rule: string;
  readonly test: string;
  readonly place: ContentPlace;
  readonly passed: boolean;
  /** Positions in the test's events, 1 = first, repeats counted; ascending. */
  readonly expected: readonly number[];
  readonly fired: readonly number[];
  /** What made the test itself invalid, such as a step built as another event type. */
  readonly faults: readonly string[];
  /** For the positions on which expectation and outcome differ; empty when it passed. */
  readonly explanations: readonly {
    readonly position: number;
    readonly cause: Explanation['cause'];
    /** What the rule's model said, for each value that was looked at; empty without a model. */
    readonly readings: Explanation['readings'];
    /** The expression with a value under every part. */
    readonly text: string;
  }[];
}

/** Monday 2024-01-08 09:00 UTC: a working day with a whole week before it. */
const clockStart = Date.UTC(2024, 0, 8, 9);
const unitMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Milliseconds of a duration such as 90s or 2d. */
function milliseconds(duration: string): number {
  const parts = /^([0-9]+)(ms|s|m|h|d|w)$/.exec(duration);
  return parts ? Number(parts[1]) * unitMs[parts[2] as keyof typeof unitMs] : Number.NaN;
}

/**
 * Runs the tests of all enabled rules, or of those whose ids are wanted, in the order of the pack.
 * `program` is compiled from `pack` and `directory`; the first person of the directory is who acts
 * where a step names nobody. Each test has an engine of its own and shares nothing with others.
 */
export function runRuleTests(
  pack: ContentPack,
  program: Program,
  directory: Directory,
  wanted?: ReadonlySet<string>,
): RuleTestOutcome[] {
  const outcomes: RuleTestOutcome[] = [];
  const compiled = new Map(program.rules.map((rule, index) => [rule.id, index]));
  for (const rule of pack.rules) {
    const index = compiled.get(rule.id);
    if (index === undefined || (wanted && !wanted.has(rule.id))) continue;
    rule.tests.forEach((test, i) => {
      outcomes.push(runTest(pack, program, directory, rule, index, test, i));
    });
  }
  return outcomes;
}

function runTest(
  pack: ContentPack,
  program: Program,
  directory: Directory,
  rule: RuleEntry,
  ruleIndex: number,
  test: RuleTest,
  testIndex: number,
): RuleTestOutcome {
  const played = play(pack, directory, rule, test);
  const { records, types, history } = played;
  const faults = [...played.faults];
  const count = records.length - history;
  const expected =
    test.fires === true
      ? [count]
      : test.fires === false
        ? []
        : [...test.fires].sort((a, b) => a - b);
  const beyond = expected.find((position) => position > count);
  if (beyond !== undefined)
    faults.push(`fires names position ${beyond}, but there are only ${count} events.`);

  const firedAt = new Set<number>();
  const seen = new Set<number>();
  const engine = createEngine(program, {
    trigger: (trigger) => {
      const line = trigger.event.lines[0] ?? 0;
      if (trigger.rule === ruleIndex && line > history) firedAt.add(line - history);
    },
    event: (event) => {
      const line = event.lines[0] ?? 0;
      seen.add(line);
      const stated = types[line - 1];
      const built = program.eventTypes[event.type];
      if (built !== stated)
        faults.push(
          `${nameStep(line, history)} says ${stated} but is built as ${built}; look at its direction, outcome and action.`,
        );
    },
  });
  engine.pushRecords(records);
  engine.finish();
  for (const [id, message] of Object.entries(engine.counters.faults)) {
    faults.push(`the engine failed in ${id}: ${message}`);
  }
  const lost = records.find((record) => !seen.has(record.line));
  if (lost) {
    faults.push(
      `${nameStep(lost.line, history)} did not become an event: no event type takes it, or it repeats the message_id of another.`,
    );
  }

  const fired = [...firedAt].sort((a, b) => a - b);
  const differing = [...new Set([...expected, ...fired])]
    .filter(
      (position) => expected.includes(position) !== firedAt.has(position) && position <= count,
    )
    .sort((a, b) => a - b);
  const passed = differing.length === 0 && faults.length === 0;
  return {
    rule: rule.id,
    test: test.name,
    place: { file: rule.file, path: ['tests', testIndex] },
    passed,
    expected,
    fired,
    faults: faults.slice(0, 5),
    explanations: passed ? [] : explain(program, records, history, ruleIndex, differing),
  };
}

const nameStep = (line: number, history: number): string =>
  line > history ? `event ${line - history}` : `event ${line} of the history`;

/** Plays the same records again, now with explanations, which a passing test does not pay for. */
function explain(
  program: Program,
  records: readonly LogRecord[],
  history: number,
  ruleIndex: number,
  positions: readonly number[],
): RuleTestOutcome['explanations'] {
  const found: RuleTestOutcome['explanations'][number][] = [];
  const engine = createEngine(
    program,
    {
      explanation: (explanation) => {
        if (explanation.rule !== ruleIndex) return;
        const position = (explanation.event.lines[0] ?? 0) - history;
        const { cause, readings, text } = explanation;
        found.push({ position, cause, readings, text });
      },
    },
    { explain: new Set(positions.map((position) => position + history)) },
  );
  engine.pushRecords(records);
  engine.finish();
  return found;
}

interface Played {
  readonly records: readonly LogRecord[];
  /** Stated event type of each record. */
  readonly types: readonly string[];
  /** How many of the records come before the judged ones. */
  readonly history: number;
  readonly faults: readonly string[];
}

function play(pack: ContentPack, directory: Directory, rule: RuleEntry, test: RuleTest): Played {
  const records: LogRecord[] = [];
  const types: string[] = [];
  const faults: string[] = [];
  let clock = clockStart;
  const add = (step: TestStep): void => {
    const { type = rule.events[0], after, repeat = 1, every = '1d', ...given } = step;
    const eventType = pack.eventTypes[type];
    if (!eventType) {
      faults.push(`there is no event type ${type}.`);
      return;
    }
    clock += after === undefined ? (records.length === 0 ? 0 : unitMs.m) : milliseconds(after);
    for (let i = 0; i < repeat; i++) {
      if (i > 0) clock += milliseconds(every);
      const line = records.length + 1;
      types.push(type);
      records.push({
        line,
        parser: -1,
        kind: eventType.kind,
        time: clock,
        fields: fieldsOf(pack, directory, type, eventType.kind, line, given, faults),
      });
    }
  };
  for (const step of test.history ?? []) add(step);
  const history = records.length;
  for (const step of test.events) add(step);
  return { records, types, history, faults };
}

/** What the step says, over what an event of this type has at the least. */
function fieldsOf(
  pack: ContentPack,
  directory: Directory,
  type: string,
  kind: LogRecord['kind'],
  line: number,
  given: Readonly<Record<string, unknown>>,
  faults: string[],
): Fields {
  const person = directory.people[0]?.user;
  const failed = /(^|-)failed(-|$)/.test(type);
  const fields: Fields = {};
  if (kind === 'mail') {
    fields['sender'] = person;
    fields['outcome'] = failed ? 'failed' : 'sent';
    fields['message_id'] = `<${line}@test.invalid>`;
  } else if (kind === 'web') {
    fields['user'] = person;
    fields['action'] = 'blocked';
  } else {
    fields['user'] = person;
    if (failed) fields['outcome'] = 'failed';
  }
  for (const [name, value] of Object.entries(given)) {
    const field = pack.fields[name];
    // A null takes a default away.
    if (value === null) fields[name] = undefined;
    else if (!field) faults.push(`there is no field ${name}.`);
    else {
      const fitting = fieldValue(field.type, value);
      if (fitting === undefined)
        faults.push(`${name} is of type ${field.type} and cannot be ${JSON.stringify(value)}.`);
      fields[name] = fitting;
    }
  }
  if (kind !== 'mail') return fields;
  if (fields['recipients'] === undefined && typeof fields['recipient'] === 'string') {
    fields['recipients'] = [fields['recipient']];
  }
  if (!('direction' in given)) {
    const inside = directory.people.some((p) => p.user === fields['sender']);
    fields['direction'] = /(^|-)in(-|$)/.test(type)
      ? inside
        ? 'internal'
        : 'inbound'
      : 'outbound';
  }
  return fields;
}

function fieldValue(type: string, value: unknown): FieldValue | undefined {
  switch (type) {
    case 'texts': {
      const list: unknown[] = Array.isArray(value) ? value : [value];
      return list.every((item) => typeof item === 'string') ? list : undefined;
    }
    case 'text':
      return typeof value === 'string' ? value : undefined;
    case 'flag':
      return typeof value === 'boolean' ? value : undefined;
    case 'time': {
      const time = typeof value === 'string' ? Date.parse(value) : value;
      return typeof time === 'number' && Number.isFinite(time) ? time : undefined;
    }
    default:
      return typeof value === 'number' ? value : undefined;
  }
}
