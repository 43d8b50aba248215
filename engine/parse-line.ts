import type { ParserEntry } from '#content';
import type { LogRecord } from './contract.js';
import { emptyCounters } from './counters.js';
import { createParseStage } from './stages/1-parse.js';

/** The records of one text as the parsers read it, in order; a record's `parser` is a position in them. */
export type LineParser = (text: string) => readonly LogRecord[];

/** Parsing alone, for the parsers' own tests. */
export function createLineParser(parsers: readonly ParserEntry[]): LineParser {
  const stage = createParseStage(parsers, emptyCounters());
  return (text) => {
    const found: LogRecord[] = [];
    stage.parse({ id: 1, text }, (record) => {
      found.push(record);
    });
    return found;
  };
}
