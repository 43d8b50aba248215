import type { ContentPack, RuleEntry } from '#content';
import type { Figure } from '../figure.js';
import { cpuSeconds, median, medianSeconds, warmed } from '../measure.js';
import { programOf } from '../pack.js';
import { createLoop, loopPass } from '../passes.js';
import { JsonRules, statelessRules } from '../references/json-rules.js';
import { World } from '../world.js';

/** The same stateless rules in both engines; json-rules-engine gets fewer events and both a rate. */
export async function againstJsonRules(pack: ContentPack, events: number): Promise<Figure[]> {
  const world = new World({ users: 1000, events, days: 10 });
  const rules = statelessRules(pack, world.directory);
  const stateless = { ...pack, rules, models: [] };
  const program = programOf([stateless], world.directory);
  const reference = new JsonRules(pack, rules, world.directory);
  const some = [...world.events(pack)].flat();
  const few = some.slice(0, Math.max(500, Math.floor(events / 40)));

  let fired: string[] = [];
  const comparing = createLoop(program, {
    trigger: ({ rule }) => fired.push(program.rules[rule]?.id ?? ''),
  });
  for (const event of few) {
    fired = [];
    comparing.add(event);
    comparing.flush();
    const theirs = await reference.process(event);
    if (fired.sort().join() !== theirs.join())
      throw new Error(`json-rules-engine fires ${theirs.join()} and the engine ${fired.join()}`);
  }

  const [own = 0, other = 0] = await medianSeconds([
    warmed(() => {
      let triggers = 0;
      const loop = createLoop(program, { trigger: () => (triggers += 1) });
      const before = cpuSeconds();
      for (const event of some) loop.add(event);
      loop.flush();
      return cpuSeconds() - before;
    }),
    warmed(async () => {
      const before = cpuSeconds();
      for (const event of few) await reference.process(event);
      return cpuSeconds() - before;
    }),
  ]);
  const ratio = other / few.length / (own / some.length);
  const over = `${rules.length} rules; ${some.length.toLocaleString('en-US')} events, reference ${few.length.toLocaleString('en-US')}`;
  return [
    {
      name: 'stateless rules ÷ json-rules-engine',
      value: ratio,
      unit: '×',
      must: 100,
      aim: 300,
      over,
    },
  ];
}

/** A pack in which one number of one rule is another: what a mutation of a rule is. */
function mutated(pack: ContentPack, k: number): ContentPack {
  const at = k % pack.rules.length;
  const change = (rule: RuleEntry): RuleEntry => {
    const percent = 1 + Math.floor(k / pack.rules.length);
    const when = rule.when.replace(/\b\d+(?:\.\d+)?\b/, (text) =>
      String(Number(text) + percent / 100),
    );
    return when === rule.when ? { ...rule, score: rule.score + percent } : { ...rule, when };
  };
  return { ...pack, rules: pack.rules.map((rule, i) => (i === at ? change(rule) : rule)) };
}

/** One rule is changed in each variant, as a search over mutations does; all run in one pass. */
export function variants(pack: ContentPack, events: number): Figure[] {
  const world = new World({ users: Math.max(50, Math.round(events / 100)), events, days: 60 });
  const one = programOf([pack], world.directory);
  const seconds = (count: number): { run: number; compile: number; rules: number } => {
    const before = cpuSeconds();
    const packs = [pack, ...Array.from({ length: count - 1 }, (_, k) => mutated(pack, k))];
    const program = count === 1 ? one : programOf(packs, world.directory);
    const compile = cpuSeconds() - before;
    const runs = [1, 2, 3].map(() => loopPass(pack, program, world).seconds);
    return { run: median(runs), compile, rules: program.rules.length };
  };
  const single = seconds(1);
  const hundred = seconds(100);
  const thousand = seconds(1000);
  const over = `${events.toLocaleString('en-US')} mails; one rule changed in each`;
  const of = (many: { run: number }, name: string, must: number, aim: number): Figure => {
    return {
      name,
      value: many.run / single.run,
      unit: '×',
      must,
      aim,
      lower_is_better: true,
      over,
    };
  };
  return [
    of(hundred, '100 variants of the rules ÷ one', 3, 1.5),
    of(thousand, '1 000 variants of the rules ÷ one', 12, 5),
    {
      name: 'compile 1 000 variants',
      value: thousand.compile,
      unit: 's CPU',
      over: `${thousand.rules} different rules`,
    },
  ];
}
