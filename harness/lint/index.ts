/** All that lint finds beyond structure: see content/lint.ts for that. */
import type { ContentPack, ContentSources, Diagnostic, Traffic } from '#content';
import { typedTrees } from '#engine';
import { estimateModels, lintConvergence, type ModelEstimate } from './convergence.js';
import { lintExpressions } from './expressions.js';

export { countOf, durationOf, type ModelEstimate } from './convergence.js';

/** Findings of typed expressions and of models' convergence, with the estimates themselves. */
export function lintMeaning(
  pack: ContentPack,
  traffic: Traffic | undefined,
): { readonly diagnostics: Diagnostic[]; readonly estimates: readonly ModelEstimate[] } {
  const trees = typedTrees(pack);
  const estimates = traffic === undefined ? [] : estimateModels(pack, trees, traffic);
  return {
    diagnostics: [...lintExpressions(pack, trees), ...lintConvergence(pack, estimates)],
    estimates,
  };
}

const placeholder = /\bTODO\b[^\n]*/g;

/** Every place in the files that says TODO: what `leakdrill new` leaves to be written. */
export function lintPlaceholders(sources: ContentSources): Diagnostic[] {
  return [...sources.files].flatMap(([file, { text }]) =>
    [...text.matchAll(placeholder)].map((match): Diagnostic => {
      const said = match[0].replace(/^TODO:?\s*/, '').replace(/['"]?\s*\}?,?\s*$/, '');
      return {
        code: 'content/todo',
        severity: 'error',
        message: said === '' ? 'something is left to be written here' : `left to do: ${said}`,
        place: {
          file,
          path: [],
          range: { start: match.index, end: match.index + 'TODO'.length },
        },
      };
    }),
  );
}
