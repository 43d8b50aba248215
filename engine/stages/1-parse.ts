import type { ParserEntry } from '#content';
import { isMailField } from '../assemble/message.js';
import type { BinaryReader, BinaryWriter } from '../binary.js';
import type {
  Counters,
  Fields,
  FieldValue,
  LogLine,
  LogRecord,
  RecordKind,
  RecordPart,
  UnparsedSample,
} from '../contract.js';
import { compileFields, compileText, compileValue } from '../decode/fields.js';
import { unfold, withoutColumnSuffixes } from '../decode/json.js';
import { type Access, type Generated, objectAccess, type ScannedLine } from '../decode/keys.js';
import { decodeLine, isBlank } from '../decode/line.js';
import { compileMatch } from '../decode/match.js';
import { copied } from '../decode/recent.js';
import { type FlatRecord, isRecord } from '../decode/record.js';
import { Scanner } from '../decode/scan.js';
import { Shapes } from '../decode/shapes.js';

export interface ParseStage {
  /** Emits the records of one line in their order; counts and samples what no parser takes. */
  parse(line: LogLine, emit: (record: LogRecord) => void): void;
  readonly unparsed: readonly UnparsedSample[];
  /** By parser, whether its records have no fields but those of every mail. */
  readonly plain: readonly boolean[];
  /** Brings the counter of records by parser, kept apart for speed, up to date. */
  tally(): void;
  forgetSamples(): void;
  save(writer: BinaryWriter): void;
  load(reader: BinaryReader): void;
}

/** Samples kept for each reason. */
const maxSamples = 5;
/** Wrappers inside wrappers; a record of any real product lies three deep at most. */
const maxDepth = 8;

/** A parser with code for certain records: those of one shape, or any. */
interface CompiledParser {
  readonly index: number;
  readonly id: string;
  readonly matches: Generated<boolean>;
  readonly kind: RecordKind;
  readonly part: RecordPart | undefined;
  readonly join: Generated<string | undefined>;
  readonly time: Generated<FieldValue | undefined>;
  readonly fields: Generated<Fields>;
}

/** The parsers that may take the records of one shape, in order. */
interface Shape {
  seen: number;
  readonly keys: ReadonlySet<string>;
  parsers: readonly CompiledParser[];
  isOwn: boolean;
}

/** Records of a shape before its parsers are compiled for it, which costs as much as reading some. */
const worthCompiling = 64;
/** Shapes that have code of their own; what else comes is read with the code for all. */
const maxOwn = 200;
/** Lines of no known shape before lines are not looked at for one, and how long then. */
const fullTrust = 256;
const restingLines = 8192;

const partFields = [
  'sender',
  'recipients',
  'subject',
  'message_id',
  'bytes',
  'attachments',
  'direction',
  'action',
  'outcome',
  'failure_reason',
  'alert_id',
  'alert_name',
  'src_ip',
];

const epochEnding = /_\d{9,11}$/;

/** A message's name without the seconds that some collectors put behind it. */
function withoutEpoch(join: string): string {
  const end = join.length;
  for (let at = end - 12; at <= end - 10; at++)
    if (join.charCodeAt(at) === 95) return join.replace(epochEnding, '');
  return join;
}

interface CompiledParsers {
  readonly all: readonly CompiledParser[];
  readonly shapes: Shapes<Shape>;
  /** Knows the parsers that may take the lines of a shape. Undefined before there is one to be told. */
  scanner: Scanner<readonly CompiledParser[]> | undefined;
  /** Compiles the parsers of a shape for its records, of which this is one, once that is worth it. */
  settle(shape: Shape, record: FlatRecord): void;
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
  const any = objectAccess();
  const all = compileAll(parsers, any);
  let own = 0;
  const compiled: CompiledParsers = {
    all,
    scanner: undefined,
    shapes: new Shapes((list) => {
      const keys = new Set(list);
      const access = objectAccess(keys);
      // Compiled for these keys only to learn which parsers can take them.
      const possible = all.filter(
        ({ index }) => compileMatch((parsers[index] as ParserEntry).match, access) !== undefined,
      );
      return { seen: 0, keys, parsers: possible, isOwn: false };
    }),
    settle(shape, record) {
      shape.isOwn = true;
      if (own >= maxOwn) return;
      own++;
      const indexes = shape.parsers.map(({ index }) => index);
      shape.parsers = compileAll(parsers, objectAccess(shape.keys), indexes);
      if (shape.parsers.length === 0) return;
      const takers = indexes.map((index) => parsers[index] as ParserEntry);
      const wanted = new Set(takers.flatMap((parser) => keysOf(parser, shape.keys)));
      const times = new Set<string>();
      for (const key of takers.flatMap(({ fields }) => fields['time']?.from ?? []))
        if (!wanted.has(key)) times.add(key);
      compiled.scanner ??= newScanner();
      compiled.scanner?.learn(record, wanted, times, (access) =>
        compileAll(parsers, access, indexes),
      );
    },
  };
  return compiled;
}

/** Undefined where there is no memory for one: lines are then read by JSON.parse, to the same effect. */
function newScanner(): CompiledParsers['scanner'] {
  try {
    return new Scanner();
  } catch {
    return;
  }
}

function compileAll(
  parsers: readonly ParserEntry[],
  access: Access,
  indexes: Iterable<number> = parsers.keys(),
): CompiledParser[] {
  const all: CompiledParser[] = [];
  for (const index of indexes) {
    const compiled = compileParser(parsers[index] as ParserEntry, index, access);
    if (compiled !== undefined) all.push(compiled);
  }
  return all;
}

/** The keys of a shape that a parser may read, but for the time. */
function keysOf({ match, yields, fields }: ParserEntry, keys: ReadonlySet<string>): string[] {
  const { all = [], any = [], none = [], equals, unless, matches, misses } = match;
  const tested = [equals, unless, matches, misses].flatMap((of) => Object.keys(of ?? {}));
  const { time: _, ...others } = fields;
  return [
    ...[...all, ...any, ...none, ...tested].flatMap((key) => key.split('|')),
    ...(yields.join ?? []),
    ...Object.values(others).flatMap(({ from = [] }) => from),
  ].filter((key) => keys.has(key));
}

/** Undefined when the parser takes no record with these keys. */
function compileParser(
  parser: ParserEntry,
  index: number,
  access: Access,
): CompiledParser | undefined {
  const matches = compileMatch(parser.match, access);
  if (matches === undefined) return;
  const { kind, part, join = [] } = parser.yields;
  const { time = {}, ...rest } = parser.fields;
  // Stage 2 reads the lines of a message quickly when all have their fields in one order. A release may be
  // an event by itself, and keeps the order it was given.
  const isPart = kind === 'mail' && part !== undefined && part !== 'release';
  return {
    index,
    id: parser.id,
    matches,
    kind,
    part,
    join: compileText(join, access),
    time: compileValue(time, access),
    fields: compileFields(rest, access, isPart ? partFields : []),
  };
}

/**
 * Lines to records. Parsers are tried in the order given; the first whose match holds takes the
 * record. Only when none does is the record looked at as a wrapper or as a Log Analytics row, so
 * that plain lines pay nothing for the exotic ones.
 */
export function createParseStage(parsers: readonly ParserEntry[], counters: Counters): ParseStage {
  const compiled = compiledOnce(parsers);
  const { all, shapes, settle } = compiled;
  /** Lines of a known shape, less those of none; below zero they are not looked at for some lines. */
  let trust = fullTrust;
  const samples: UnparsedSample[] = [];
  /** Records by parser since the last tally. */
  const parsed = new Float64Array(parsers.length);
  for (const parser of parsers) counters.parsed[parser.id] ??= 0;

  function find(record: FlatRecord): CompiledParser | undefined {
    const shape = shapes.of(record);
    let candidates = all;
    if (shape !== undefined) {
      if (!shape.isOwn && ++shape.seen > worthCompiling) settle(shape, record);
      candidates = shape.parsers;
    }
    for (let i = 0; i < candidates.length; i++) {
      const parser = candidates[i] as CompiledParser;
      if (parser.matches(record, '')) return parser;
    }
    return;
  }

  function give(
    line: LogLine,
    parser: CompiledParser,
    record: FlatRecord,
    emit: (r: LogRecord) => void,
  ): void {
    const time = parser.time(record, '');
    if (typeof time === 'number') hand(line, parser, time, record, '', emit);
    else miss(line, 'no readable time', record);
  }

  function hand(
    line: LogLine,
    parser: CompiledParser,
    time: number,
    from: FlatRecord | ScannedLine,
    text: string,
    emit: (r: LogRecord) => void,
  ): void {
    const join = parser.join(from, text);
    const fields = parser.fields(from, text);
    counters.records++;
    parsed[parser.index] = (parsed[parser.index] as number) + 1;
    emit({
      line: line.id,
      parser: parser.index,
      kind: parser.kind,
      time,
      part: parser.part,
      join: join === undefined ? undefined : withoutEpoch(join),
      fields,
    });
  }

  /** Whether the line is of a known shape and a parser takes what it holds. */
  function scan(line: LogLine, emit: (record: LogRecord) => void): boolean {
    const { text } = line;
    const { scanner } = compiled;
    if (scanner === undefined || trust <= 0) {
      if (trust <= 0 && ++trust > 0) trust = fullTrust;
      return false;
    }
    const takers = scanner.find(line);
    if (takers === undefined) {
      if (--trust <= 0) trust = -restingLines;
      return false;
    }
    if (trust < fullTrust) trust++;
    for (let i = 0; i < takers.length; i++) {
      const parser = takers[i] as CompiledParser;
      if (!parser.matches(scanner, text)) continue;
      const time = parser.time(scanner, text);
      if (typeof time !== 'number') return false;
      hand(line, parser, time, scanner, text, emit);
      return true;
    }
    return false;
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
    samples.push({ line: line.id, reason, text: copied(text.slice(0, 300)) });
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
      if (scan(line, emit) || isBlank(line.text)) return;
      read(line, line.text, 0, emit);
    },
    unparsed: samples,
    plain: parsers.map(({ fields }) =>
      Object.keys(fields).every((name) => name === 'time' || isMailField(name)),
    ),
    tally() {
      for (const [at, { id }] of parsers.entries()) {
        const more = parsed[at] as number;
        if (more > 0) counters.parsed[id] = (counters.parsed[id] ?? 0) + more;
      }
      parsed.fill(0);
    },
    forgetSamples() {
      samples.length = 0;
    },
    save(writer) {
      writer.json(samples);
    },
    load(reader) {
      samples.splice(0, samples.length, ...(reader.json() as UnparsedSample[]));
    },
  };
}
