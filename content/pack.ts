import type {
  ContextTable,
  EventType,
  Field,
  Gates,
  Model,
  Parser,
  Rule,
} from './types.generated.js';

/** A rule with what its path says. */
export interface RuleEntry extends Rule {
  /** File name without extension: `EM-UD-F`. */
  readonly id: string;
  /** ATT&CK technique, the folder's name: `T1048.003`. */
  readonly technique: string;
  /** Path relative to the content root, with `/`. */
  readonly file: string;
}

export interface ModelEntry extends Model {
  readonly id: string;
  readonly file: string;
}

export interface ParserEntry extends Parser {
  readonly id: string;
  /** Folder below content/parsers: `mimecast`. */
  readonly vendor: string;
  readonly file: string;
}

export interface TableEntry extends ContextTable {
  readonly id: string;
  readonly file: string;
  /** Package list and own values, lower-cased, removals applied; sorted. */
  readonly members: readonly string[];
}

/** A technique of ATT&CK that rules may name. */
export interface Technique {
  readonly id: string;
  readonly name: string;
  readonly tactics: readonly string[];
}

/**
 * A whole content pack, read and checked against its schemas. Defaults of the schemas are filled in.
 * Every list is sorted by id, so the order of files on disk never shows.
 */
export interface ContentPack {
  /** SHA-256 over the normalised content, hex: the same for the same meaning on any machine. */
  readonly digest: string;
  readonly fields: Readonly<Record<string, Field>>;
  /** In file order: the first that matches is built. */
  readonly eventTypes: Readonly<Record<string, EventType>>;
  readonly rules: readonly RuleEntry[];
  readonly models: readonly ModelEntry[];
  readonly parsers: readonly ParserEntry[];
  readonly tables: readonly TableEntry[];
  readonly techniques: readonly Technique[];
  readonly gates: Gates;
}
