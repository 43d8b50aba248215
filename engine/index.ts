/**
 * The engine: content compiled to a program, log lines in, triggers and sessions out. Pure: no
 * clock, disk, network or chance. Times are milliseconds since 1970 UTC.
 */
export { type CompileOutcome, compile } from './compile.js';
export type {
  Counters,
  Directory,
  DirectoryPerson,
  Engine,
  EngineOptions,
  EngineSink,
  Event,
  Explanation,
  Fields,
  FieldValue,
  LineSource,
  LogLine,
  LogRecord,
  ModelReading,
  RecordKind,
  RecordPart,
  Session,
  Trigger,
  UnparsedSample,
} from './contract.js';
export { emptyCounters } from './counters.js';
export { recordListKeys } from './decode/json.js';
export { createEngine, defaultOptions, type RestoreOutcome, restoreEngine } from './engine.js';
export {
  alwaysConstant,
  canonical,
  children,
  collect,
  constants,
  type ExpressionFault,
  type ExpressionScope,
  type ExpressionType,
  entityFacts,
  evaluate,
  functionDocs,
  functionTable,
  modelVariables,
  type NamedVariable,
  parseExpression,
  parseTemplate,
  renderExplanation,
  scopeVariables,
  type TypedNode,
  type Unit,
  unitOf,
  walk,
} from './expression/index.js';
export { createLineParser, type LineParser } from './parse-line.js';
export type { Program, ProgramModel, ProgramRule, SourceTree } from './program.js';
export { NOTABLE, riskOf } from './stages/7-risk.js';
export { type ModelTrees, type PackTrees, type RuleTrees, typedTrees } from './trees.js';
