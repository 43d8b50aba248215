import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadContent } from '#content';
import { compile, createEngine, createLineParser } from '#engine';
import { createLineSplitter } from '../../../harness/line-splitter.js';
import { builtInContent } from '../../../harness/package-root.js';
import {
  anyBytes,
  anyText,
  hold,
  lines,
  mutated,
  revalued,
  samplesOf,
  type Under,
} from './lines.js';
import { fuzzed, untilStopped } from './watch.js';

let under: Under;
let samples: readonly string[];

beforeAll(async () => {
  const { pack } = await loadContent(builtInContent);
  if (pack === undefined) throw new Error('the built-in content has faults');
  const mia = { user: 'mia@corp.example', peer_group: 'sales', aliases: ['m@corp.example'] };
  const outcome = compile([pack], { internal_domains: ['corp.example'], people: [mia] });
  if (!outcome.ok) throw new Error('the built-in content does not compile');
  under = { pack, program: outcome.program, createEngine };
  samples = samplesOf(pack);
});

describe('the engine takes any line', { timeout: 600_000 }, () => {
  it('of the formats that it knows, after any change of text, keys, values and nesting', () => {
    fc.assert(
      fc.property(lines(mutated(samples)), (texts) => {
        untilStopped(() => hold(under, texts));
      }),
      fuzzed(1200),
    );
  });

  it('of any characters', () => {
    fc.assert(
      fc.property(lines(anyText), (texts) => {
        untilStopped(() => hold(under, texts));
      }),
      fuzzed(500),
    );
  });

  it('of any bytes, as the reader cuts them, in chunks of any size', () => {
    fc.assert(
      fc.property(
        lines(anyBytes(samples)),
        fc.constantFrom('\n', '\r\n', '\r', '\n\n', ',\n', ''),
        fc.integer({ min: 1, max: 5000 }),
        (parts, end, size) => {
          const bytes = Buffer.concat(parts.flatMap((part) => [part, Buffer.from(end)]));
          const whole = split(bytes, bytes.length + 1);
          expect(split(bytes, size)).toEqual(whole);
          untilStopped(() => hold(under, whole));
        },
      ),
      fuzzed(300),
    );
  });

  it('and reads it alike whatever lines came before it', () => {
    const texts = lines(
      fc.oneof(
        { weight: 1, arbitrary: fc.constantFrom(...samples) },
        { weight: 1, arbitrary: mutated(samples) },
        { weight: 4, arbitrary: revalued(samples) },
      ),
    );
    const { parsers } = under.pack;
    const busy = createLineParser(parsers);
    // Often enough for every short cut that repetition is worth.
    for (const sample of samples) for (let i = 0; i < 20; i += 1) busy(sample);
    fc.assert(
      fc.property(texts, (all) => {
        untilStopped(() => {
          const few = createLineParser(parsers);
          for (const text of all) {
            const alone = createLineParser(parsers)(text);
            expect(few(text)).toEqual(alone);
            expect(busy(text)).toEqual(alone);
          }
        });
      }),
      fuzzed(150),
    );
  });
});

function split(bytes: Buffer, size: number): string[] {
  const found: string[] = [];
  untilStopped(() => {
    const splitter = createLineSplitter(5000, () => undefined);
    for (let from = 0; from < bytes.length; from += size) {
      found.push(...splitter.push(bytes.subarray(from, from + size)).map(({ text }) => text));
    }
    found.push(...splitter.end().map(({ text }) => text));
  });
  return found;
}
