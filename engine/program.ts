import type { ParserEntry } from '#content';
import type { Directory, Fields, RecordKind } from './contract.js';
import type { CallNode, TypedNode } from './expression/index.js';
import type {
  Container,
  ContainerKind,
  CounterShape,
  Profile,
  SessionStage,
} from './stages/4-session.js';
import type { Tables } from './tables.js';

/** A rule of the program. Equal rules of several variants are one. */
export interface ProgramRule {
  readonly id: string;
  readonly technique: string;
  /** Path relative to the content root. */
  readonly file: string;
  readonly name: string;
  readonly model?: string;
  /** As written. */
  readonly when: string;
  readonly score: number;
  readonly events: readonly string[];
  /** Positions, in what was compiled, of the packs that have this rule; ascending. */
  readonly variants: readonly number[];
}

export interface ProgramModel {
  readonly id: string;
  readonly kind: 'categorical' | 'numerical';
  readonly file: string;
  readonly variants: readonly number[];
}

/** Compiled content: every name an integer, every expression a function. Holds no state. */
export interface Program {
  /** Tells this program from every other: content, directory and format. */
  readonly digest: string;
  /** Sorted by id, then by first variant. */
  readonly rules: readonly ProgramRule[];
  /** Sorted like the rules. */
  readonly models: readonly ProgramModel[];
  /** In the order of the content; an event's `type` is a position in it. */
  readonly eventTypes: readonly string[];
  readonly parsers: readonly ParserEntry[];
  readonly tables: Tables;
  readonly directory: Directory;
  /** What the stages run. */
  readonly code: ProgramCode;
}

/**
 * What generated functions see of one event: its fields as properties f0, f1 … of one object that
 * is filled anew for each event, so that its shape never changes.
 */
export interface Frame {
  time: number;
  firstSeen: number;
  activeDays: number;
  sessions: SessionStage;
  models: ModelAnswers;
  /** By position of the model. */
  runs: readonly ModelAnswer[];
}

/** What generated code asks of the models; stage 5 answers. */
interface ModelAnswers {
  count(atom: number, container: Container, counter: number): void;
  /** @param identified the ids are needed; otherwise they are there only if someone needed them before */
  values(atom: number, identified: boolean): Verdicts;
  observations(at: number, text: string | undefined): number;
  observationsOf(at: number, atom: number): number;
  /** @param id the text's id, if it has one and that is known */
  isMember(text: string | undefined, id: number | undefined, table: number): boolean;
  /** Notes that a model trains on pair `i` of this event. */
  trains(at: number, i: number): void;
}

/** What generated code asks of one model about the event at hand. */
interface ModelAnswer extends Verdicts {
  /** Works out pairs of scope and value, and no more. */
  pair(): ModelAnswer;
  /** Reads what the model knows of the scopes too. */
  read(): ModelAnswer;
  /** Brings `seen` up to date. */
  look(): void;
  readonly seen: Int32Array;
  threshold(i: number, percentile: number): number;
  top(i: number, percentile: number): number;
  /** Trains on a pair, or on all, at once. */
  train(i: number): void;
  trainAll(): void;
}

/** A model's or list's answers on one event, as columns; see stage 5. */
export interface Verdicts {
  readonly count: number;
  readonly value: readonly (string | number)[];
  /** Ids of values that are texts; -1 for those that nothing refers to. Empty where nobody needs them. */
  readonly id: readonly number[];
  readonly n: Int32Array;
  readonly bins: Int32Array;
  readonly confidence: Float64Array;
  /** Observations of the value. */
  seenAt(i: number): number;
  scopeAt(i: number): string;
}

/** Where generated code notes the rules that fire. */
export interface Fired {
  /** @param by value of `once.by` */
  add(rule: number, verdict: number, by: string | undefined): void;
}

/** A tree with the text it was parsed from. */
export interface SourceTree {
  readonly source: string;
  readonly tree: TypedNode;
}

export interface RuleCode {
  readonly id: string;
  readonly events: readonly string[];
  /** Position in the models, or -1. */
  readonly model: number;
  /** Atom of a for_each list, or -1. */
  readonly each: number;
  readonly percentile: number;
  readonly dependsOn: readonly number[];
  readonly once: boolean;
  readonly score: number;
  /** `once` has a `by`. */
  readonly onceBy: boolean;
  /** Runs this rule and no other, without a look at what it depends on. */
  readonly alone: RuleGroup['run'];
  readonly reason: (e: Frame, c: Container, v: Verdicts, i: number) => string;
  readonly source: RuleSource;
}

/** What the interpreter needs to explain a rule. */
export interface RuleSource {
  readonly when: SourceTree;
  readonly counter: (call: CallNode) => CounterUse;
  /** Position of a model that the rule names. */
  readonly modelOf: (id: string) => number;
}

export type CounterUse =
  | { readonly kind: 'scalar'; readonly slot: number }
  /** `key` gives the text whose events are asked for; undefined: the verdict's value. */
  | { readonly kind: 'keyed'; readonly slot: number; readonly key: TypedNode | undefined }
  | { readonly kind: 'distinct'; readonly slot: number }
  | { readonly kind: 'fired'; readonly rule: number };

/** A text or list of texts that several models, rules and counters look at. */
export interface AtomCode {
  /** The event's user, whom its container knows. */
  readonly isUser: boolean;
  /** It follows from the event's fields alone. */
  readonly isOfFields: boolean;
  readonly value: (e: Frame, c: Container) => string | readonly string[] | undefined;
}

export interface ModelCode {
  readonly id: string;
  readonly kind: 'categorical' | 'numerical';
  readonly scope: number;
  /** Atom of a categorical feature; -1 for a numerical model. */
  readonly feature: number;
  readonly number: ((e: Frame, c: Container) => number) | undefined;
  readonly alpha: number;
  readonly cutOff: number;
  readonly agingDays: number;
  readonly maxBins: number;
  readonly source: {
    readonly scope: SourceTree;
    readonly feature: SourceTree;
  };
}

export interface TypeCode {
  readonly container: ContainerKind;
  /** Copies what this type's code reads from the event into the frame. */
  readonly load: (e: Frame, fields: Fields) => void;
  /** Atoms that can be looked up before the event's turn. */
  readonly ahead: readonly number[];
  /** Brings the container's counters up to the event; undefined when none counts this type. */
  readonly count: ((e: Frame, c: Container) => void) | undefined;
  /** Dependencies before dependants. */
  readonly rules: readonly number[];
  readonly groups: readonly RuleGroup[];
  /** Of the rules, those that depend on others. */
  readonly dependants: readonly number[];
  /** Notes the pairs on which models train; empty: none trains on this type. */
  readonly train: readonly ((e: Frame, c: Container) => void)[];
}

/** What the end of a container does. */
export interface EndingCode {
  readonly load: (e: Frame, profile: Profile) => void;
  readonly train: TypeCode['train'];
}

/** Rules that look at the same verdicts and depend on no other rule. */
interface RuleGroup {
  readonly rules: readonly number[];
  /** Notes the rules that fire, in no particular order. */
  readonly run: (e: Frame, c: Container, fired: Fired) => void;
}

export interface ProgramCode {
  readonly makeFrame: () => Frame;
  readonly counters: CounterShape;
  readonly atoms: readonly AtomCode[];
  readonly rules: readonly RuleCode[];
  readonly models: readonly ModelCode[];
  /** Tables that values are looked up in, by position. */
  readonly memberTables: readonly ReadonlySet<string>[];
  readonly types: readonly TypeCode[];
  /** Models that train when a container of the kind ends, and how the frame is filled then. */
  readonly endings: readonly EndingCode[];
  /** Event type of a record, or -1. */
  readonly buildType: (kind: RecordKind, fields: Fields) => number;
}
