import { type ContentPack, loadContent, type RuleEntry } from '#content';
import { compile, type Directory, type Program } from '#engine';
import { builtInContent } from '../../harness/package-root.js';

/** The content that is delivered: what every figure runs unless it says otherwise. */
export async function fullPack(): Promise<ContentPack> {
  const { pack } = await loadContent(builtInContent);
  if (!pack) throw new Error('the content does not load: run leakdrill lint');
  return pack;
}

export function programOf(packs: readonly ContentPack[], directory: Directory): Program {
  const compiled = compile(packs, directory);
  if (!compiled.ok)
    throw new Error(`the content does not compile: ${compiled.diagnostics[0]?.message}`);
  return compiled.program;
}

/** A pack whose rules, one for each of the models, fire on every verdict: they show its readings. */
export function probing(pack: ContentPack, models: readonly string[]): ContentPack {
  const [sample] = pack.rules;
  if (sample === undefined) throw new Error('the content has no rules');
  const { for_each: _, once: _o, depends_on: _d, percentile: _p, ...plain } = sample;
  const rules = models.map((model): RuleEntry => {
    const { trains_on: trains, session_events: events = trains } =
      pack.models.find(({ id }) => id === model) ?? {};
    const [first = '', ...more] = events ?? [];
    return {
      ...plain,
      id: `probe-${model}`,
      events: [first, ...more],
      model,
      when: 'n >= 0',
      reason: '{n}',
    };
  });
  return { ...pack, rules };
}
