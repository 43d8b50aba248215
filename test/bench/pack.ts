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

/** A pack whose rules, one for each of the models, fire where it is asked for: they show its readings. */
export function probing(
  pack: ContentPack,
  models: readonly {
    readonly id: string;
    readonly asked: { readonly events: readonly string[]; readonly when: string };
  }[],
): ContentPack {
  const [sample] = pack.rules;
  if (sample === undefined) throw new Error('the content has no rules');
  const { for_each: _, once: _o, depends_on: _d, percentile: _p, ...plain } = sample;
  const rules = models.map(({ id, asked: { events, when } }): RuleEntry => {
    const [first = '', ...more] = events;
    return {
      ...plain,
      id: `probe-${id}`,
      events: [first, ...more],
      model: id,
      when,
      reason: '{n}',
    };
  });
  return { ...pack, rules };
}
