import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import regexpTree from 'regexp-tree';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { loadContent } from '#content';
import { tagPattern } from '../../../engine/stages/3-enrich.js';
import { builtInContent, packageRoot } from '../../../harness/package-root.js';

type Node = Readonly<Record<string, unknown>> & { readonly type: string };
/** Whether the rest of the pattern matches from a position on. */
type Rest = (at: number) => boolean;

/** Thrown where a pattern takes more steps than anybody would wait for. */
class TooManySteps extends Error {}

/**
 * A backtracking matcher that counts its steps: it tries what an engine of JavaScript tries, in the
 * same order, without any of the short cuts that such an engine may know.
 */
class Counter {
  steps = 0;
  private readonly pattern: RegExp;
  private text = '';
  private readonly flags: string;
  private readonly body: Node | null;
  private readonly singles = new Map<string, RegExp>();
  readonly leaves: string[] = [];

  constructor(pattern: RegExp) {
    this.pattern = pattern;
    this.flags = pattern.flags.replace(/[gy]/g, '');
    const tree = regexpTree.parse(pattern as never, { captureLocations: true } as never);
    this.body = (tree as unknown as { body: Node | null }).body;
    this.collect(this.body);
  }

  /** Steps to find the first match, or that there is none. */
  search(text: string, budget = 5_000_000): number {
    this.steps = 0;
    this.text = text;
    const match = this.compile(this.body, () => true, budget);
    for (let at = 0; at <= text.length; at += 1) if (match(at)) break;
    return this.steps;
  }

  private collect(node: unknown): void {
    if (Array.isArray(node)) for (const one of node) this.collect(one);
    else if (typeof node === 'object' && node !== null) {
      const { type } = node as Node;
      if (type === 'Char' || type === 'CharacterClass' || type === 'UnicodeProperty') {
        this.leaves.push(sourceOf(node as Node));
      } else for (const [key, part] of Object.entries(node)) if (key !== 'loc') this.collect(part);
    }
  }

  private compile(node: Node | null, rest: Rest, budget: number): Rest {
    const counted = (match: Rest): Rest => {
      return (at) => {
        this.steps += 1;
        if (this.steps > budget) throw new TooManySteps();
        return match(at);
      };
    };
    if (node === null) return rest;
    switch (node.type) {
      case 'Alternative':
        return (node['expressions'] as Node[]).reduceRight(
          (next: Rest, part) => this.compile(part, next, budget),
          rest,
        );
      case 'Disjunction': {
        const left = this.compile(node['left'] as Node | null, rest, budget);
        const right = this.compile(node['right'] as Node | null, rest, budget);
        return (at) => left(at) || right(at);
      }
      case 'Group':
        return this.compile(node['expression'] as Node | null, rest, budget);
      case 'Repetition':
        return this.repeat(node, rest, budget);
      case 'Assertion':
        return counted(this.assertion(node, rest, budget));
      default: {
        const one = this.single(sourceOf(node));
        return counted((at) => {
          const length = this.flags.includes('u') ? width(this.text, at) : 1;
          return (
            at < this.text.length && one.test(this.text.slice(at, at + length)) && rest(at + length)
          );
        });
      }
    }
  }

  private repeat(node: Node, rest: Rest, budget: number): Rest {
    const quantifier = node['quantifier'] as Readonly<Record<string, unknown>>;
    const kind = quantifier['kind'] as string;
    const from = kind === '+' ? 1 : kind === 'Range' ? (quantifier['from'] as number) : 0;
    const to =
      kind === '?'
        ? 1
        : kind === 'Range'
          ? ((quantifier['to'] as number | undefined) ?? Infinity)
          : Infinity;
    const times = (count: number): Rest => {
      const more = (at: number): boolean => {
        if (count >= to) return false;
        const next = times(count + 1);
        const body = this.compile(
          node['expression'] as Node,
          (then) => then > at && next(then),
          budget,
        );
        return body(at);
      };
      if (count < from) return more;
      return quantifier['greedy'] === true
        ? (at) => more(at) || rest(at)
        : (at) => rest(at) || more(at);
    };
    return times(0);
  }

  private assertion(node: Node, rest: Rest, budget: number): Rest {
    switch (node['kind']) {
      case '^':
        return (at) => at === 0 && rest(at);
      case '$':
        return (at) => at === this.text.length && rest(at);
      case 'Lookahead': {
        const ahead = this.compile(node['assertion'] as Node, () => true, budget);
        return (at) => ahead(at) !== (node['negative'] === true) && rest(at);
      }
      default:
        throw new Error(`no count for ${String(node['kind'])} in ${this.pattern}`);
    }
  }

  private single(source: string): RegExp {
    let one = this.singles.get(source);
    if (one === undefined) {
      one = new RegExp(`^(?:${source})$`, this.flags.replace('m', ''));
      this.singles.set(source, one);
    }
    return one;
  }

  /** Beginnings of a text that the pattern takes, from none of it to all. */
  beginnings(alphabet: readonly string[]): string[] {
    const parts = this.example(this.body, alphabet);
    const begun = parts.map((_, i) => parts.slice(0, i).join(''));
    return [...new Set(['', 'a', ...begun, parts.join('')])];
  }

  /** A text that the pattern takes, part by part: everything once, of alternatives the first. */
  private example(node: Node | null | undefined, alphabet: readonly string[]): string[] {
    if (node === null || node === undefined) return [''];
    switch (node.type) {
      case 'Assertion':
        return [''];
      case 'Alternative':
        return (node['expressions'] as Node[]).flatMap((part) => this.example(part, alphabet));
      case 'Disjunction':
        return this.example(node['left'] as Node | null, alphabet);
      case 'Group':
      case 'Repetition':
        return this.example(node['expression'] as Node | null, alphabet);
      default: {
        const one = this.single(sourceOf(node));
        return [alphabet.find((character) => one.test(character)) ?? ''];
      }
    }
  }

  /** Characters that the parts of the pattern take, and some that few take. */
  alphabet(): string[] {
    const candidates = [...'a1 "\'@<[(:.|=_-{/\\\t\n!', 'é', '：', 'İ', '\u0301'];
    const literal = this.leaves.filter((leaf) => [...leaf].length === 1);
    const all = [...new Set([...candidates, ...literal])];
    const kinds = new Map<string, string>();
    for (const one of all) {
      const kind = this.leaves.map((leaf) => this.single(leaf).test(one)).join();
      if (!kinds.has(kind)) kinds.set(kind, one);
    }
    // Signs first: they are where one part of a pattern ends and another begins.
    const found = [...kinds.values()];
    const signs = found.filter((one) => !/[a-z]/i.test(one));
    return [...signs, ...found.filter((one) => !signs.includes(one))];
  }
}

function sourceOf(node: Node): string {
  return (node['loc'] as { source: string }).source;
}

function width(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

/** Texts that this pattern may find hard, made for a length. */
function* hard(counter: Counter, length: number): Generator<string> {
  const alphabet = counter.alphabet();
  const few = alphabet.slice(0, 20);
  const pumps = few.flatMap((a) => [a, ...few.filter((b) => b !== a).map((b) => a + b)]);
  const heads = counter.beginnings(alphabet);
  const tails = ['', '\0'];
  for (const pump of pumps) {
    const text = pump.repeat(Math.ceil(length / pump.length));
    for (const head of heads) for (const tail of tails) yield head + text + tail;
  }
}

interface Growth {
  readonly text: string;
  readonly steps: number;
  readonly twice: number;
}

/** The text on which steps grow most when its length doubles. */
function worst(pattern: RegExp): Growth {
  const counter = new Counter(pattern);
  const doubles = hard(counter, 160);
  let found: Growth = { text: '', steps: 1, twice: 1 };
  for (const text of hard(counter, 80)) {
    const longer = doubles.next().value as string;
    const steps = counter.search(text);
    const twice = counter.search(longer);
    if (twice / steps > found.twice / found.steps) found = { text, steps, twice };
  }
  return found;
}

/** Regular expressions written in the engine's source. */
function literals(): { readonly where: string; readonly pattern: RegExp }[] {
  const files = readdirSync(join(packageRoot, 'engine'), { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => file.endsWith('.ts')).sort();
  return sources
    .map((file) => `engine/${file}`)
    .flatMap((file) => {
      const text = readFileSync(join(packageRoot, file), 'utf8');
      const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023);
      const found: { where: string; pattern: RegExp }[] = [];
      const visit = (node: ts.Node): void => {
        if (ts.isRegularExpressionLiteral(node)) {
          const end = node.text.lastIndexOf('/');
          const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
          const pattern = new RegExp(node.text.slice(1, end), node.text.slice(end + 1));
          found.push({ where: `${file}:${line + 1}`, pattern });
        }
        ts.forEachChild(node, visit);
      };
      visit(source);
      return found;
    });
}

/**
 * Patterns whose steps grow faster than their text, by their beginnings, with the most characters that
 * they are ever given. On the hardest text of that length they may take 1000 steps for a character.
 */
const bounded: readonly { readonly begins: string; readonly length: number }[] = [
  // A subject is cut to 1000 characters before its prefixes are looked for; blanks in a row are the trouble.
  { begins: '^\\s*(?:re|aw|', length: 1000 },
];

describe('regular expressions of the engine', { timeout: 120_000 }, () => {
  const all = literals();

  it('are found, so that none escapes', () => {
    expect(all.length).toBeGreaterThan(20);
  });

  it('the count tells an exploding pattern, a square one and a linear one apart', () => {
    expect(() => new Counter(/^(a+)+$/).search(`${'a'.repeat(40)}!`)).toThrow(TooManySteps);
    const square = worst(/a+b/);
    expect(square.twice / square.steps).toBeGreaterThan(3);
    const linear = worst(/^\s*[a-z]+:/);
    expect(linear.twice / linear.steps).toBeLessThan(2.2);
  });

  it.each(all.map(({ where, pattern }) => [where, pattern] as const))(
    '%s is linear in its text, or listed with a bound',
    (_, pattern) => {
      const { text, steps, twice } = worst(pattern);
      const known = bounded.find(({ begins }) => pattern.source.startsWith(begins));
      if (known === undefined) {
        const told = `${pattern} on ${JSON.stringify(text)}: ${steps}, then ${twice} steps`;
        expect(twice / steps, told).toBeLessThan(2.5);
        return;
      }
      // What is listed without need would hide what comes in its place.
      expect(twice / steps).toBeGreaterThan(2.5);
      const growth = (known.length / text.length) ** Math.log2(twice / steps);
      expect((steps * growth) / known.length).toBeLessThan(1000);
    },
  );

  it('the tags of the pack make a linear one', async () => {
    const { pack } = await loadContent(builtInContent);
    const tags = pack?.tables.find(({ id }) => id === 'external_tags')?.members ?? [];
    const pattern = tagPattern(tags) as RegExp;
    const { steps, twice } = worst(pattern);
    expect(twice / steps).toBeLessThan(2.5);
  });
});
