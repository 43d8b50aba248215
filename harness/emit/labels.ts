/**
 * The ground truth of emitted lines, in a file of its own: one JSON object a line, told apart by
 * `record`. Order: one header, users, instances, then lines as they are emitted, and an end. A file
 * without an end was cut off. Times are ISO 8601 in UTC. A line that is not listed is benign.
 */

import { createReadStream } from 'node:fs';
import type { LogLine } from '#engine';
import { createLineSplitter } from '../line-splitter.js';
import { UsageFault } from '../usage-fault.js';

export const labelsVersion = 1;

export interface HeaderRecord {
  readonly record: 'header';
  readonly version: number;
  /** Names the run: the same for the same options, content and program. */
  readonly run: string;
  readonly leakdrill: string;
  /** Digest of the content whose rules the instances expect. */
  readonly content: string;
  readonly seed: number;
  readonly organisation: string;
  readonly domains: readonly string[];
  readonly people: number;
  readonly peer_groups: number;
  /** The file whose people were played, and its SHA-256; absent for made-up ones. */
  readonly organisation_file?: string;
  readonly organisation_digest?: string;
  readonly history_days: number;
  readonly test_days: number;
  readonly start: string;
  readonly test_start: string;
  readonly test_end: string;
  readonly format: string;
  /** `stream`: line n of the output is the line with id n. `rolled`: many files. */
  readonly layout: 'stream' | 'rolled';
  /** Makes the same lines again. */
  readonly command: string;
  readonly assumptions: readonly string[];
}

/** A person of the organisation; with all of them, the user-days of any span can be told. */
export interface UserRecord {
  readonly record: 'user';
  readonly user: string;
  readonly aliases: readonly string[];
  readonly from: string;
  /** Null for those who stay. */
  readonly until: string | null;
}

export interface InstanceRecord {
  readonly record: 'instance';
  readonly instance: string;
  readonly scenario: string;
  readonly kind: 'attack' | 'look-alike';
  readonly technique: string;
  readonly title: string;
  readonly story: string;
  readonly expects: readonly string[];
  /** Account that does the deed, and the person's own address where that is another. */
  readonly user: string;
  readonly person: string;
  /** Times of the first and last step of the deed. */
  readonly first: string;
  readonly last: string;
}

/** A line that belongs to a deed. */
export interface LineRecord {
  readonly record: 'line';
  /** Position among all lines, from 1. */
  readonly line: number;
  readonly time: string;
  readonly kind: 'malicious' | 'suspicious';
  readonly scenario: string;
  readonly instance: string;
  readonly step: string;
  readonly technique: string;
  readonly expects: readonly string[];
  readonly user: string;
  /** As on the line; absent for lines that name none. */
  readonly message_id?: string;
}

export interface EndRecord {
  readonly record: 'end';
  /** Lines emitted. */
  readonly lines: number;
  /** False when it was stopped before the end. */
  readonly complete: boolean;
  /** Time of the last line; null without lines. */
  readonly last_time: string | null;
}

export type LabelRecord = HeaderRecord | UserRecord | InstanceRecord | LineRecord | EndRecord;

export const labelText = (record: LabelRecord): string => `${JSON.stringify(record)}\n`;

export interface Labels {
  readonly header: HeaderRecord;
  readonly users: readonly UserRecord[];
  readonly instances: readonly InstanceRecord[];
  readonly lines: readonly LineRecord[];
  /** Undefined when the file was cut off. */
  readonly end: EndRecord | undefined;
}

const required: Readonly<Record<LabelRecord['record'], readonly string[]>> = {
  header: ['run', 'content', 'people', 'start', 'test_start', 'test_end', 'layout'],
  user: ['user', 'aliases', 'from'],
  instance: [
    'instance',
    'scenario',
    'kind',
    'technique',
    'title',
    'story',
    'expects',
    'user',
    'person',
    'first',
    'last',
  ],
  line: ['line', 'time', 'kind', 'instance', 'scenario', 'user'],
  end: ['lines', 'complete'],
};

/** Reads a labels file. Throws UsageFault naming the line that is wrong. */
export async function readLabels(path: string, shown: string): Promise<Labels> {
  let header: HeaderRecord | undefined;
  let end: EndRecord | undefined;
  const users: UserRecord[] = [];
  const instances: InstanceRecord[] = [];
  const lines: LineRecord[] = [];
  try {
    for await (const { id, text } of linesOf(path)) {
      const record = parse(text, `${shown}:${id}`);
      if (!header && record.record !== 'header')
        throw new UsageFault(`${shown}: the first line is no header.`, advice);
      switch (record.record) {
        case 'header':
          if (record.version !== labelsVersion)
            throw new UsageFault(
              `${shown} has version ${record.version}; this program reads ${labelsVersion}.`,
            );
          header = record;
          break;
        case 'user':
          users.push(record);
          break;
        case 'instance':
          instances.push(record);
          break;
        case 'line':
          lines.push(record);
          break;
        case 'end':
          end = record;
      }
    }
  } catch (error) {
    if (error instanceof UsageFault) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageFault(`${shown} cannot be read: ${code ?? message}.`, 'Check the path.');
  }
  if (!header) throw new UsageFault(`${shown} is empty.`, advice);
  return { header, users, instances, lines, end };
}

async function* linesOf(path: string): AsyncGenerator<LogLine, void, undefined> {
  const splitter = createLineSplitter(16 * 1024 * 1024, () => undefined);
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>)
    yield* splitter.push(chunk);
  yield* splitter.end();
}

const advice = 'It should be the file that leakdrill emit --labels wrote.';

function parse(text: string, where: string): LabelRecord {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new UsageFault(`${where} is not JSON.`, advice);
  }
  const kind = String(value?.['record']) as LabelRecord['record'];
  const missing = required[kind]?.find((key) => value[key] === undefined);
  if (!required[kind] || missing !== undefined)
    throw new UsageFault(
      missing === undefined ? `${where} is no label record.` : `${where} has no ${missing}.`,
      advice,
    );
  return value as unknown as LabelRecord;
}
