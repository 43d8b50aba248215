import type { ContentPack, ContentPlace, ParserTest } from '#content';
import { createLineParser, type LogRecord } from '#engine';

/** How one test of one parser went. */
export interface ParserTestOutcome {
  readonly parser: string;
  readonly test: string;
  readonly place: ContentPlace;
  readonly passed: boolean;
  /** What differs, one line each. */
  readonly faults: readonly string[];
}

/**
 * Runs the tests of all parsers, or of those whose ids are wanted, in the order of the pack. Each
 * line goes through all parsers of the pack, so a line that another parser takes fails.
 */
export function runParserTests(
  pack: ContentPack,
  wanted?: ReadonlySet<string>,
): ParserTestOutcome[] {
  const parse = createLineParser(pack.parsers);
  const ids = pack.parsers.map(({ id }) => id);
  return pack.parsers
    .filter(({ id }) => wanted?.has(id) ?? true)
    .flatMap(({ id, file, tests }) =>
      tests.map((test, i) => {
        const faults = faultsOf(id, test, parse(test.line), ids);
        return {
          parser: id,
          test: test.name,
          place: { file, path: ['tests', i] },
          passed: faults.length === 0,
          faults,
        };
      }),
    );
}

function faultsOf(
  id: string,
  { expect }: ParserTest,
  records: readonly LogRecord[],
  ids: readonly string[],
): string[] {
  const expected: readonly Readonly<Record<string, unknown>>[] = Array.isArray(expect)
    ? expect
    : [expect];
  if (records.length === 0) return ['no parser takes the line, or it has no readable time'];
  if (records.length !== expected.length)
    return [`it yields ${records.length} records, not ${expected.length}`];
  return expected.flatMap((fields, i) => {
    const record = records[i] as LogRecord;
    const taker = ids[record.parser];
    const where = expected.length > 1 ? `record ${i + 1}: ` : '';
    if (taker !== (fields['parser'] ?? id)) return [`${where}the parser ${taker} takes it`];
    return Object.entries(fields).flatMap(([name, value]) => {
      const found = seen(record, name, taker);
      const same = JSON.stringify(found ?? null) === JSON.stringify(value ?? null);
      return same ? [] : [`${where}${name} should be ${show(value)} and is ${show(found)}`];
    });
  });
}

/** A part of a record as tests state it. */
export function seen(record: LogRecord, name: string, parser: string | undefined): unknown {
  switch (name) {
    case 'time':
      return new Date(record.time).toISOString();
    case 'kind':
    case 'part':
    case 'join':
      return record[name];
    case 'parser':
      return parser;
    default:
      return record.fields[name];
  }
}

const show = (value: unknown): string =>
  value === undefined || value === null ? 'absent' : JSON.stringify(value);
