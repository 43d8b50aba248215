/** The expression language: CEL source to a typed tree, and the tree to code, values and words. */
export { type EmitHost, emit } from './compile.js';
export { alwaysConstant } from './constant.js';
export {
  constants,
  entityFacts,
  isModelReading,
  limits,
  modelVariables,
  type NamedConstant,
  type NamedVariable,
  scopeVariables,
} from './environment.js';
export {
  absentFields,
  type EvaluatedItem,
  type EvaluateHost,
  type Evaluation,
  evaluate,
  renderExplanation,
} from './evaluate.js';
export { nearest } from './faults.js';
export {
  type FunctionDoc,
  type FunctionEntry,
  type FunctionKind,
  type FunctionOverload,
  functionDocs,
  functionTable,
} from './functions.js';
export { parseExpression } from './parse.js';
export { type ExpressionValue, isAbsent, memberSet, tableFunction } from './runtime.js';
export {
  emitTemplate,
  fillTemplate,
  parseTemplate,
  showValue,
  type TemplateOutcome,
  type TemplatePart,
  unitOf,
} from './template.js';
export type {
  BinaryOperator,
  CallNode,
  ExpressionFault,
  ExpressionScope,
  ExpressionType,
  ParseOutcome,
  SourceRange,
  TypedNode,
  Unit,
} from './tree.js';
export { type Collected, canonical, children, collect, walk } from './walk.js';
