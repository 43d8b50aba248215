/**
 * Content: what a detection engineer writes, read and checked. Loading and linting return diagnostics
 * and never throw for bad content.
 */
export {
  didYouMean,
  type Location,
  locate,
  renderDiagnostic,
  sortDiagnostics,
} from './diagnostic.js';
export type { ContentPlace, Diagnostic } from './fault.js';
export { lint } from './lint.js';
export { lintHelp } from './lint-help.js';
export {
  type LoadedContent,
  type LoadedTestDirectory,
  type LoadedTraffic,
  type LoadOptions,
  loadContent,
  loadTestDirectory,
  loadTraffic,
  rememberContent,
  type TestDirectoryPerson,
} from './load.js';
export type {
  ContentPack,
  ModelEntry,
  ParserEntry,
  RuleEntry,
  TableEntry,
  Technique,
} from './pack.js';
export { enrichedFrom, settableFields } from './reach.js';
export { type ContentFile, type ContentSources, textFile } from './source.js';
export type {
  ContextTable,
  EventType,
  Field,
  FieldRule,
  Gate,
  Gates,
  KnownGap,
  Model,
  Once,
  Parser,
  ParserMatch,
  ParserTest,
  ParserYield,
  Rule,
  RuleTest,
  Spread,
  TestStep,
  Traffic,
} from './types.generated.js';
