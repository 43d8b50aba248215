import type { ParserEntry } from '#content';
import type { BinaryReader, BinaryWriter } from '../binary.js';
import type {
  Counters,
  Fields,
  LogLine,
  LogRecord,
  RecordKind,
  RecordPart,
  UnparsedSample,
} from '../contract.js';
import {
  compileField,
  compileFields,
  compileMatch,
  compilePresence,
  type Extractor,
  type Matcher,
} from '../decode/fields.js';
import { unfold, withoutColumnSuffixes } from '../decode/json.js';
import { decodeLine, isBlank } from '../decode/line.js';
import { createReader, type FlatRecord, isRecord, type Reader } from '../decode/record.js';

export interface ParseStage {
  /** Emits the records of one line in their order; counts and samples what no parser takes. */
  parse(line: LogLine, emit: (record: LogRecord) => void): void;
  readonly unparsed: readonly UnparsedSample[];
  save(writer: BinaryWriter): void;
  load(reader: BinaryReader): void;
}

/** Samples kept for each reason. */
const maxSamples = 5;
/** Wrappers inside wrappers; a record of any real product lies three deep at most. */
const maxDepth = 8;

interface CompiledParser {
  readonly index: number;
  readonly id: string;
  /** Position in the list of first keys, which are looked up once for all parsers. */
  readonly gate: number;
  readonly matches: Matcher;
  readonly kind: RecordKind;
  readonly part: RecordPart | undefined;
  readonly join: readonly Reader[];
  readonly time: Extractor;
  readonly fields: (record: FlatRecord) => Fields;
}

const epochEnding = /_\d{9,11}$/;

interface CompiledParsers {
  readonly gates: readonly string[];
  readonly compiled: readonly CompiledParser[];
}

/** Engines of one program share its parsers, which hold no state: each test of a rule makes an engine. */
const known = new WeakMap<readonly ParserEntry[], CompiledParsers>();

function compiledOnce(parsers: readonly ParserEntry[]): CompiledParsers {
  const before = known.get(parsers);
  if (before !== undefined) return before;
  const made = compileParsers(parsers);
  known.set(parsers, made);
  return made;
}

function compileParsers(parsers: readonly ParserEntry[]): CompiledParsers {
  const gates: string[] = [];
  const compiled = parsers.map((parser, index): CompiledParser => {
    // A key that may be one of several is no gate: the gate is a plain look-up.
    const key = parser.match.all?.find((candidate) => !/[|.]/.test(candidate));
    let gate = -1;
    if (key !== undefined) {
      gate = gates.indexOf(key);
      if (gate === -1) gate = gates.push(key) - 1;
    }
    const { time, ...rest } = parser.fields;
    return {
      index,
      id: parser.id,
      gate,
      matches: compileMatch(parser.match),
      kind: parser.yields.kind,
      part: parser.yields.part,
      join: (parser.yields.join ?? []).map(createReader),
      time: time === undefined ? () => undefined : compileField(time),
      fields: compileFields(rest),
    };
  });
  return { gates, compiled };
}

/**
 * Lines to records. Parsers are tried in the order given; the first whose match holds takes the
 * record. Only when none does is the record looked at as a wrapper or as a Log Analytics row, so
 * that plain lines pay nothing for the exotic ones.
 */
export function createParseStage(parsers: readonly ParserEntry[], counters: Counters): ParseStage {
  const { gates, compiled } = compiledOnce(parsers);
  const look = compilePresence(gates);
  const open: boolean[] = gates.map(() => false);
  const samples: UnparsedSample[] = [];
  for (const parser of parsers) counters.parsed[parser.id] ??= 0;

  function find(record: FlatRecord): CompiledParser | undefined {
    look(record, open);
    for (let i = 0; i < compiled.length; i++) {
      const parser = compiled[i] as CompiledParser;
      if ((parser.gate === -1 || open[parser.gate] === true) && parser.matches(record))
        return parser;
    }
    return;
  }

  function give(
    line: LogLine,
    parser: CompiledParser,
    record: FlatRecord,
    emit: (r: LogRecord) => void,
  ): void {
    const time = parser.time(record);
    if (typeof time !== 'number') {
      miss(line, 'no readable time', record);
      return;
    }
    const fields = parser.fields(record);
    let join: string | undefined;
    for (let i = 0; i < parser.join.length; i++) {
      const key = parser.join[i]?.(record);
      if (typeof key === 'string' && key !== '') {
        join = key;
        break;
      }
    }
    if (join !== undefined && epochEnding.test(join)) join = join.replace(epochEnding, '');
    counters.records++;
    counters.parsed[parser.id] = (counters.parsed[parser.id] ?? 0) + 1;
    emit({
      line: line.id,
      parser: parser.index,
      kind: parser.kind,
      time,
      part: parser.part,
      join,
      fields,
    });
  }

  function miss(line: LogLine, reason: string, what: unknown): void {
    counters.unparsed++;
    const seen = counters.unparsedReasons[reason] ?? 0;
    counters.unparsedReasons[reason] = seen + 1;
    if (seen >= maxSamples) return;
    let text = line.text;
    if (typeof what === 'string') text = what;
    else
      try {
        text = JSON.stringify(what);
      } catch {
        // Nested deeper than the stack: the line itself has to do.
      }
    samples.push({ line: line.id, reason, text: text.slice(0, 300) });
  }

  function consider(
    line: LogLine,
    value: unknown,
    depth: number,
    emit: (r: LogRecord) => void,
  ): void {
    if (depth > maxDepth) miss(line, 'wrappers nested too deep', line.text);
    else if (Array.isArray(value)) {
      for (const entry of value) consider(line, entry, depth + 1, emit);
    } else if (!isRecord(value)) miss(line, 'no record', line.text);
    else {
      const parser = find(value);
      if (parser !== undefined) give(line, parser, value, emit);
      else considerStranger(line, value, depth, emit);
    }
  }

  /** A record that no parser takes as it stands: a row of Log Analytics, or a wrapper. */
  function considerStranger(
    line: LogLine,
    value: FlatRecord,
    depth: number,
    emit: (r: LogRecord) => void,
  ): void {
    const row = withoutColumnSuffixes(value);
    const parser = row === undefined ? undefined : find(row);
    if (row !== undefined && parser !== undefined) {
      give(line, parser, row, emit);
      return;
    }
    const inner = unfold(value);
    const fail = value['fail'];
    if (inner === undefined) miss(line, 'no parser takes it', depth === 0 ? line.text : value);
    else if (inner.kind === 'text') read(line, inner.text, depth + 1, emit);
    else if (inner.records.length === 0 && Array.isArray(fail) && fail.length > 0)
      miss(line, 'error answer of an API', value);
    else for (const entry of inner.records) consider(line, entry, depth + 1, emit);
  }

  function read(line: LogLine, text: string, depth: number, emit: (r: LogRecord) => void): void {
    const decoded = decodeLine(text);
    if (decoded.reason === undefined) consider(line, decoded.value, depth, emit);
    else miss(line, decoded.reason, line.text);
  }

  return {
    parse(line, emit) {
      counters.lines++;
      if (isBlank(line.text)) return;
      read(line, line.text, 0, emit);
    },
    unparsed: samples,
    save(writer) {
      writer.json(samples);
    },
    load(reader) {
      samples.splice(0, samples.length, ...(reader.json() as UnparsedSample[]));
    },
  };
}
