import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadContent } from '#content';
import { background, createOrganisation, createWriter, timeline } from '#generators';
import type { LogRecord } from '../../../../engine/contract.js';
import { emptyCounters } from '../../../../engine/counters.js';
import { createParseStage } from '../../../../engine/stages/1-parse.js';

const START = Date.UTC(2024, 0, 1);
const DAYS = 20;
const { pack } = await loadContent(fileURLToPath(new URL('../../../../content', import.meta.url)));

function textsOf(mail: 'v1-json' | 'v2'): string[] {
  const organisation = createOrganisation({ seed: 1, people: 40, days: DAYS, start: START });
  const writer = createWriter(organisation, { mail, seed: 1 });
  function* tagged() {
    for (const activity of background(organisation, { start: START, days: DAYS }))
      yield { activity, tag: 0 };
  }
  return [...timeline([tagged()], writer)].map(({ text }) => text);
}

/** How many of the texts are handed to JSON.parse whole. */
function parsedWhole(texts: readonly string[], task: () => void): number {
  const whole = new Set(texts);
  const { parse } = JSON;
  let count = 0;
  JSON.parse = (text: string, reviver?: (key: string, value: unknown) => unknown): unknown => {
    if (whole.has(text)) count++;
    return parse(text, reviver);
  };
  try {
    task();
  } finally {
    JSON.parse = parse;
  }
  return count;
}

describe.each(['v1-json', 'v2'] as const)('lines of a product as it writes them (%s)', (mail) => {
  it('are read without making an object of each, once their shapes are known', () => {
    const texts = textsOf(mail);
    // A parser's code is shared by all stages that have its parsers.
    const parsers = structuredClone(pack?.parsers ?? []);
    let records = 0;
    const count = parsedWhole(texts, () => {
      const stage = createParseStage(parsers, emptyCounters());
      for (const [id, text] of texts.entries()) stage.parse({ id, text }, () => records++);
    });
    expect(records).toBe(texts.length);
    expect(texts.length).toBeGreaterThan(5000);
    // Some 65 of each of a dozen shapes, and those of shapes too rare to be known.
    expect(count / texts.length).toBeLessThan(0.25);
    expect(
      parsedWhole(texts, () => {
        const stage = createParseStage(parsers, emptyCounters());
        for (const [id, text] of texts.entries()) stage.parse({ id, text }, () => records++);
      }) / texts.length,
    ).toBeLessThan(0.08);
  });

  it('are read to the same effect where there is no memory for a scanner', () => {
    const texts = textsOf(mail).slice(0, 2000);
    const read = (): LogRecord[] => {
      const found: LogRecord[] = [];
      const stage = createParseStage(structuredClone(pack?.parsers ?? []), emptyCounters());
      for (const [id, text] of texts.entries()) stage.parse({ id, text }, (r) => found.push(r));
      return found;
    };
    const wanted = read();
    const own = globalThis as { WebAssembly?: unknown };
    const { WebAssembly } = own;
    let found: LogRecord[] = [];
    let whole = 0;
    try {
      own.WebAssembly = undefined;
      whole = parsedWhole(texts, () => {
        found = read();
      });
    } finally {
      own.WebAssembly = WebAssembly;
    }
    expect(whole).toBe(texts.length);
    expect(found).toEqual(wanted);
  });
});
