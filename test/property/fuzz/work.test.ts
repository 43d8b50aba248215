import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
// First of all that is ours: what is loaded after it is counted.
import { workOf } from '../../unit/engine/work.js';
import { fuzzed, untilStopped } from './watch.js';

const { loadContent } = await import('#content');
const { compile, createEngine } = await import('#engine');
const { createLineSplitter } = await import('../../../harness/line-splitter.js');
const { builtInContent } = await import('../../../harness/package-root.js');
const { anyText, hold, mutated, samplesOf } = await import('./lines.js');

const { pack } = await loadContent(builtInContent);
if (pack === undefined) throw new Error('the built-in content has faults');
const outcome = compile([pack], { internal_domains: ['corp.example'], people: [] });
if (!outcome.ok) throw new Error('the built-in content does not compile');
const { program } = outcome;
const under = { pack, program, createEngine };

/** Steps for a line and the engine that reads it: the first number, and so many for each character. */
const BASE = 60_000;
const EACH = 60;

const time = '2024-01-08T09:00:00Z';
const receipt = (over: object): string =>
  JSON.stringify({
    ...{ acc: 'C1', aCode: 'k', Sender: 'mia@corp.example', datetime: time, Act: 'Acc' },
    ...{ Rcpt: 'a@partner.example', Dir: 'Outbound', Subject: 's' },
    ...over,
  });
const scanned = (AttNames: unknown): string =>
  JSON.stringify({ acc: 'C1', aCode: 'k', Act: 'Acc', datetime: time, AttNames });
const each = (n: number, of: (i: number) => string): string[] =>
  Array.from({ length: n }, (_, i) => of(i));

/** Lines of a size, each of a kind that could take time by the square of it. */
const growing: Readonly<Record<string, (n: number) => string | readonly string[]>> = {
  'recipients, all different': (n) => receipt({ Rcpt: each(n, (i) => `a${i}@d${i}.example`) }),
  'recipients, all the same': (n) => receipt({ Rcpt: each(n, () => 'a@b.example') }),
  'recipients in one text': (n) =>
    receipt({ Rcpt: each(n, (i) => `"A, b" <a${i}@d.example>`).join(';') }),
  'attachments of different endings': (n) => [
    receipt({}),
    scanned(each(n, (i) => `"f.x${i}"`).join(', ')),
  ],
  'attachments as a list': (n) => [receipt({}), scanned(each(n, (i) => `f${i}.doc`))],
  'keys of a record': (n) =>
    receipt(Object.fromEntries(each(n, (i) => `key${i}`).map((key) => [key, 1]))),
  'columns with suffixes': (n) =>
    JSON.stringify(Object.fromEntries(each(n, (i) => `k${i}_s`).map((key) => [key, 1]))),
  'key=value pairs': (n) => `datetime=${time}|${each(n, (i) => `k${i}=${i}`).join('|')}`,
  'bars without a key': (n) => `datetime=${time}|Subject=\\${'|a'.repeat(n)}`,
  'open texts': (n) => `datetime=${time}|${'Subject=\\|'.repeat(n)}`,
  'fields of CEF': (n) => `CEF:0|a|b|c|d|e|1|${each(n, (i) => `k${i}=v`).join(' ')}`,
  'objects in a row': (n) => '{"a":1}'.repeat(n),
  'braces that do not close': (n) => `x {${'{"a":'.repeat(n)}`,
  'brackets of a prefix': (n) => `[${'[x]'.repeat(n)}`,
  'records in a wrapper': (n) => `{"data":[${each(n, (i) => receipt({ aCode: `k${i}` })).join()}]}`,
  'lists of pairs': (n) =>
    JSON.stringify({
      Operation: 'New-InboxRule',
      CreationTime: time,
      UserId: 'a@b.c',
      Parameters: each(n, (i) => `${i}`).map((Name) => ({ Name, Value: Name })),
    }),
  'prefixes of a subject': (n) => receipt({ Subject: 're: '.repeat(n) }),
  'words of a subject': (n) => receipt({ Subject: each(n, (i) => `word${i}`).join(' ') }),
  blanks: (n) => receipt({ Subject: ' '.repeat(n * 8), Rcpt: ' '.repeat(n * 8) }),
  'signs of an address': (n) => receipt({ Rcpt: '<@"\' '.repeat(n), Sender: '<@"\' '.repeat(n) }),
  'labels of a domain': (n) => receipt({ Rcpt: `a@${'b.'.repeat(n)}example` }),
};

function stepsFor(given: string | readonly string[]): number {
  const lines = typeof given === 'string' ? [given] : given;
  return workOf(() =>
    untilStopped(() => {
      const engine = createEngine(program, {});
      engine.push(lines.map((text, id) => ({ id, text })));
      engine.finish();
      const splitter = createLineSplitter(1 << 24, () => undefined);
      for (const line of lines) splitter.push(Buffer.from(line));
      splitter.end();
    }),
  );
}

describe('the steps that a line takes', { timeout: 600_000 }, () => {
  it.each(Object.entries(growing))('double at most when it has twice as many %s', (_, line) => {
    const few = stepsFor(line(1500));
    const many = stepsFor(line(3000));
    // What an engine does before and after its first line is not the same every time.
    expect(many).toBeLessThan(2.2 * few + 20_000);
  });

  it('are bounded by its length, whatever it holds', () => {
    const any = fc.oneof({ weight: 3, arbitrary: mutated(samplesOf(pack)) }, anyText);
    fc.assert(
      fc.property(fc.array(any, { minLength: 30, maxLength: 30 }), (texts) => {
        const size = texts.reduce((all, { length }) => all + length, 0);
        const steps = workOf(() => untilStopped(() => hold(under, texts)));
        expect(steps).toBeLessThan(BASE * texts.length + EACH * size);
      }),
      fuzzed(60),
    );
  });
});
