import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ContentPack } from '#content';
import { compile } from '../../engine/compile.js';
import type { Directory, Event, LogRecord, Session, Trigger } from '../../engine/contract.js';
import { emptyCounters } from '../../engine/counters.js';
import { createEngine, restoreEngine } from '../../engine/engine.js';
import { tableFunction } from '../../engine/expression/index.js';
import { EventLoop, type LoopOptions } from '../../engine/loop.js';
import type { Program } from '../../engine/program.js';
import { buildTables } from '../../engine/tables.js';
import { holds, Oracle, type OracleOutput } from '../oracle/oracle.js';
import {
  accounts,
  content,
  type DrawnEvent,
  directory,
  history,
  members,
  models,
  oddText,
  rules,
} from '../oracle/worlds.js';
import { HOUR, nobody, pack, START } from '../unit/engine/kit.js';

const { PROPERTY_RUNS } = process.env;
const runs = (count: number) => ({ numRuns: Number(PROPERTY_RUNS ?? count) });

function programOf(packs: readonly ContentPack[], people: Directory = nobody): Program {
  const outcome = compile(packs, people);
  if (!outcome.ok) throw new Error(outcome.diagnostics.map((one) => one.message).join('\n'));
  return outcome.program;
}

function timed(drawn: readonly DrawnEvent[]) {
  let clock = START;
  return drawn.map(({ type, step, late, fields }) => {
    clock += step;
    return { type, time: clock - late, fields };
  });
}

/** A sink that writes down what one variant of a program gives, in the oracle's words. */
function scribe(program: Program, eventOf: (event: Event) => number, variant = 0) {
  const output: OracleOutput[] = [];
  const of = (rule: number) => program.rules[rule]?.variants.includes(variant) === true;
  const id = (rule: number) => program.rules[rule]?.id as string;
  const sink = {
    trigger: (one: Trigger) => {
      if (!of(one.rule)) return;
      output.push({
        what: 'trigger',
        event: eventOf(one.event),
        rule: id(one.rule),
        session: one.session,
        value: one.value,
        reading: one.reading,
        reason: one.reason,
        late: one.late,
      });
    },
    session: (one: Session) => {
      const { points, ...rest } = one;
      const own = [...points].filter(([rule]) => of(rule));
      output.push({
        what: 'session',
        ...rest,
        points: Object.fromEntries(own.map(([rule, sum]) => [id(rule), sum])),
      });
    },
  };
  return { output, sink };
}

const usual: LoopOptions = { sessionIdle: 5 * HOUR, sessionMax: 24 * HOUR };

/** What one variant of a program gives. */
function heard(program: Program, drawn: readonly DrawnEvent[], variant = 0): OracleOutput[] {
  return heardIn(program, drawn, variant, usual, Number.POSITIVE_INFINITY);
}

/** As heard, with events that are processed so many at a time, if not fewer. */
function heardIn(
  program: Program,
  drawn: readonly DrawnEvent[],
  variant: number,
  options: LoopOptions,
  together: number,
): OracleOutput[] {
  const { output, sink } = scribe(program, ({ lines }) => lines[0] as number, variant);
  const loop = new EventLoop(program, sink, options, emptyCounters());
  for (const [at, { type, time, fields }] of timed(drawn).entries()) {
    const event: Event = {
      type: program.eventTypes.indexOf(type),
      time,
      lines: [at],
      late: false,
      fields,
    };
    loop.add(event);
    if ((at + 1) % together === 0) loop.flush();
  }
  loop.finish();
  return output;
}

function foretold(
  one: ContentPack,
  drawn: readonly DrawnEvent[],
  people: Directory = nobody,
): OracleOutput[] {
  const oracle = new Oracle(one, people);
  for (const event of timed(drawn)) oracle.process(event as never);
  oracle.finish();
  return oracle.output;
}

/** Drawn events as whole records, which pass every stage of an engine but the first. */
function records(drawn: readonly DrawnEvent[]): LogRecord[] {
  return timed(drawn).map(({ type, time, fields }, line) => {
    const { user, ...rest } = fields;
    return {
      line,
      parser: -1,
      kind: type === 'web' ? 'web' : 'mail',
      time,
      fields: {
        ...rest,
        user,
        sender: user,
        ...(type === 'failed' && { direction: 'failed' }),
      },
    };
  });
}

const plain = ({ event, ...rest }: Trigger) => ({ ...rest, lines: event.lines });

function listener() {
  const output: unknown[] = [];
  const sink = {
    trigger: (one: Trigger) => {
      output.push(plain(one));
    },
    session: (one: Session) => {
      output.push({ ...one, points: [...one.points] });
    },
  };
  return { output, sink };
}

describe('the engine', () => {
  it('gives what the oracle gives, for any content and history', { timeout: 300_000 }, () => {
    fc.assert(
      fc.property(content, history, directory, (one, drawn, people) => {
        expect(heard(programOf([one], people), drawn)).toEqual(foretold(one, drawn, people));
      }),
      runs(150),
    );
  });

  it('gives the same however many events it looks at together, also where users are forgotten', {
    timeout: 300_000,
  }, () => {
    fc.assert(
      fc.property(content, history, fc.integer({ min: 2, max: 20 }), (one, drawn, together) => {
        const program = programOf([one], nobody);
        const tight = { ...usual, maxEntities: 2, maxOpen: 2 };
        for (const options of [usual, tight]) {
          const alone = heardIn(program, drawn, 0, options, 1);
          expect(heardIn(program, drawn, 0, options, together)).toEqual(alone);
        }
      }),
      runs(100),
    );
  });

  it('knows people by all their names, as the oracle does, for any directory', {
    timeout: 300_000,
  }, () => {
    fc.assert(
      fc.property(content, accounts, directory, (one, drawn, people) => {
        const program = programOf([one], people);
        const { output, sink } = scribe(program, ({ lines }) => lines[0] as number);
        const engine = createEngine(program, sink);
        engine.pushRecords(records(drawn));
        engine.finish();
        const oracle = new Oracle(one, people);
        for (const event of timed(drawn)) oracle.process(oracle.enriched(event as never));
        oracle.finish();
        expect(output).toEqual(oracle.output);
      }),
      runs(60),
    );
  });

  it('gives each of several variants what it gives it alone', { timeout: 300_000 }, () => {
    const tables = { t: ['a', 'x y'], empty: [], executives: ['bob'] };
    const variants = models.chain((of) =>
      fc.tuple(rules(of), rules(of), fc.integer({ min: 0, max: 63 })).map(([a, b, mask]) => {
        // The second differs from the first in some rules only.
        const mixed = Object.keys(a).map((id, i) => [id, (mask >> i) & 1 ? b[id] : a[id]]);
        const { M0 } = of;
        const other = { ...of, M0: { ...M0, alpha: 3 } };
        return [
          pack(a, of, tables),
          pack(Object.fromEntries(mixed), of, tables),
          pack(a, other, tables),
        ];
      }),
    );
    fc.assert(
      fc.property(variants, history, (packs, drawn) => {
        const joint = programOf(packs);
        for (const [variant, one] of packs.entries()) {
          expect(heard(joint, drawn, variant)).toEqual(heard(programOf([one]), drawn));
        }
      }),
      runs(60),
    );
  });

  it('gives the same for records in batches of any size', { timeout: 120_000 }, () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(content, history, sizes, (one, drawn, batches) => {
        const program = programOf([one]);
        const all = records(drawn);
        const whole = listener();
        const first = createEngine(program, whole.sink);
        first.pushRecords(all);
        first.finish();
        const parts = listener();
        const second = createEngine(program, parts.sink);
        for (let at = 0, b = 0; at < all.length; b += 1) {
          const size = batches[b % batches.length] as number;
          second.pushRecords(all.slice(at, at + size));
          at += size;
        }
        second.finish();
        expect(parts.output).toEqual(whole.output);
        expect(second.counters).toEqual(first.counters);
      }),
      runs(60),
    );
  });

  it('goes on from a snapshot at any cut as if it had run straight through', {
    timeout: 120_000,
  }, () => {
    fc.assert(
      fc.property(content, history, fc.nat(), (one, drawn, where) => {
        const program = programOf([one]);
        const all = records(drawn);
        const cut = where % (all.length + 1);
        const straight = listener();
        const whole = createEngine(program, straight.sink);
        whole.pushRecords(all);
        whole.finish();
        const parts = listener();
        const before = createEngine(program, parts.sink);
        before.pushRecords(all.slice(0, cut));
        const restored = restoreEngine(program, before.snapshot(), parts.sink);
        if (!restored.ok) throw new Error(restored.message);
        restored.engine.pushRecords(all.slice(cut));
        restored.engine.finish();
        expect(parts.output).toEqual(straight.output);
        expect(restored.engine.counters).toEqual(whole.counters);
      }),
      runs(60),
    );
  });

  it('finds the members of tables, and the whole words of a text in them, as the oracle does', () => {
    const phrases = fc.array(oddText, { minLength: 1, maxLength: 3 }).map((all) => all.join(' '));
    const word = fc.oneof(oddText, fc.constantFrom('a', 'x', 'x y', 'c++', 'b c', ...'.-_+ '));
    const text = fc.array(word, { maxLength: 6 }).map((all) => all.join(''));
    fc.assert(
      fc.property(members, phrases, text, (some, other, searched) => {
        const all = [...some, other.toLowerCase()];
        const contains = tableFunction('contains_any', all);
        expect(contains(searched)).toBe(all.some((phrase) => holds(searched, phrase)));
        expect(tableFunction('in_table', all)(searched)).toBe(all.includes(searched.toLowerCase()));
      }),
      runs(3000),
    );
  });

  it('adds the directory to its tables as the oracle does', () => {
    fc.assert(
      fc.property(content, directory, (one, people) => {
        const tables = buildTables(one.tables, people);
        const oracle = new Oracle(one, people);
        for (const id of ['t', 'empty', 'executives', 'internal_domains', 'none']) {
          const wanted = [...new Set(oracle.table(id))].sort();
          expect([...tables.members(id)].sort()).toEqual(wanted);
          for (const member of [...wanted, 'dan', 'eve', 'ann', '__proto__']) {
            expect(tables.has(id, member)).toBe(wanted.includes(member));
          }
        }
      }),
      runs(200),
    );
  });
});
