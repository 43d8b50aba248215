import type { ContentPack, Diagnostic } from '#content';
import {
  compile,
  createEngine,
  type Directory,
  type Engine,
  type EngineOptions,
  type EngineSink,
  type Program,
} from '#engine';

/** Content that cannot be compiled. Lint finds the same faults in their places. */
export class ContentFault extends Error {
  override readonly name = 'ContentFault';
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    const [first] = diagnostics;
    const more = diagnostics.length > 1 ? ` (and ${diagnostics.length - 1} more)` : '';
    super(`the content does not compile: ${first?.place.file}: ${first?.message}${more}`);
    this.diagnostics = diagnostics;
  }
}

/** Compiles all variants; throws {@link ContentFault}. */
export function compileContent(packs: readonly ContentPack[], directory: Directory): Program {
  const compiled = compile(packs, directory);
  if (!compiled.ok) throw new ContentFault(compiled.diagnostics);
  return compiled.program;
}

/** The sink and all that an engine of a drill needs, put together. */
export function startEngine(
  program: Program,
  sink: EngineSink,
  options: Pick<EngineOptions, 'notable' | 'explain' | 'usualShare'>,
): Engine {
  return createEngine(program, sink, options);
}
