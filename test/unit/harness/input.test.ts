import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openInput } from '../../../harness/input.js';
import { createLineSplitter, type SplitFault } from '../../../harness/line-splitter.js';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'leakdrill-input-'));
});
afterEach(() => {
  rmSync(cwd, { recursive: true, force: true });
});

function put(name: string, content: string | Uint8Array): string {
  writeFileSync(join(cwd, name), content);
  return name;
}

async function read(paths: readonly string[], stdin: Readable = Readable.from([]), limit?: number) {
  const input = openInput(paths, { cwd, stdin, ...(limit === undefined ? {} : { limit }) });
  const lines: string[] = [];
  const places: string[] = [];
  for await (const batch of input.batches)
    for (const line of batch) {
      lines.push(line.text);
      places.push(input.placeOf(line.id));
    }
  return { lines, places, faults: input.faults, sources: input.sources };
}

function split(text: string | Uint8Array, size: number, limit = 1 << 20) {
  const faults: SplitFault[] = [];
  const splitter = createLineSplitter(limit, (fault) => faults.push(fault));
  const bytes = Buffer.from(text);
  const out = [];
  // Each piece lies where the last one lay, as a reader may do it.
  const piece = Buffer.alloc(Math.min(size, bytes.length));
  for (let at = 0; at < bytes.length; at += size) {
    const length = bytes.copy(piece, 0, at, at + size);
    out.push(...splitter.push(piece.subarray(0, length)));
  }
  out.push(...splitter.end());
  return {
    texts: out.map((line) => line.text),
    numbers: out.map((line) => line.id),
    faults,
  };
}

const documents: readonly (readonly [
  name: string,
  text: string,
  texts: readonly string[],
  numbers: readonly number[],
])[] = [
  ['lines with any line end', 'a\nb\r\nc\rd', ['a', 'b', 'c', 'd'], [1, 2, 3, 4]],
  ['blank lines', '\n\n a\r\n\r\n \t\nb\n', [' a', 'b'], [3, 6]],
  ['a byte order mark', '\ufeff{"a":1}\n', ['{"a":1}'], [1]],
  ['one object per line', '{"a":1}\n{"b":"}{"}\n', ['{"a":1}', '{"b":"}{"}'], [1, 2]],
  ['objects with commas between the lines', '{"a":1},\n{"b":2},\n', ['{"a":1}', '{"b":2}'], [1, 2]],
  [
    'objects one after the other',
    '{"a":1}{"b":2} {"c":3}\n{"d":4}',
    ['{"a":1}', '{"b":2}', '{"c":3}', '{"d":4}'],
    [1, 1, 1, 2],
  ],
  [
    'a pretty-printed array',
    '[\n  {\n    "a": 1\n  },\n  {\n    "b": [1, {"c": "]"}]\n  }\n]\nnext',
    ['{\n    "a": 1\n  }', '{\n    "b": [1, {"c": "]"}]\n  }', 'next'],
    [2, 5, 9],
  ],
  ['an array with the commas in front', '[{"a":1}\n,{"b":2}\n]', ['{"a":1}', '{"b":2}'], [1, 2]],
  [
    'a pretty-printed object',
    '{\r\n "a": "x\\"}",\r\n "b": {}\r\n}\r\n{"c":1}',
    ['{\r\n "a": "x\\"}",\r\n "b": {}\r\n}', '{"c":1}'],
    [1, 5],
  ],
  [
    'the file of the API',
    '{"type":"MTA","data":[{"a":1},{"b":{"data":[1]}}]}\n',
    ['{"a":1}', '{"b":{"data":[1]}}'],
    [1, 1],
  ],
  [
    'an answer of the API',
    '{\n"meta": {"data": [{"no": 1}]},\n"data": [{"dlpLogs": [{"a":1},\n{"b":2}]}],\n"fail": []\n}',
    ['{"a":1}', '{"b":2}'],
    [3, 4],
  ],
  [
    'answers in an array',
    '[{"meta":{},"data":[{"a":1}],"fail":[]},{"value":[{"b":2}],"@nextPage":"x"}]',
    ['{"a":1}', '{"b":2}'],
    [1, 1],
  ],
  [
    'an answer without a list',
    '{"meta":{"status":500}}\nx',
    ['{"meta":{"status":500}}', 'x'],
    [1, 2],
  ],
  [
    'an error answer',
    '{"meta":{},"data":[],"fail":[{"errors":[{"code":"x"}]}]}',
    ['{"errors":[{"code":"x"}]}'],
    [1],
  ],
  [
    'a record that only looks like one',
    '{"type":"web-activity","data":"x"}\n{"value":1}',
    ['{"type":"web-activity","data":"x"}', '{"value":1}'],
    [1, 2],
  ],
  ['scalars in an array', '[\n"a,]",\n1, null, [2]]', ['"a,]"', '1', 'null', '2'], [2, 3, 3, 3]],
  ['brackets that are no JSON', '[2024-01-01] x\n[error]\n', ['[2024-01-01] x', '[error]'], [1, 2]],
  ['a NUL', 'a\u0000b\n', ['a\u0000b'], [1]],
];

describe('bytes', () => {
  test.each(documents)('of %s become lines however they are cut', (_, text, texts, numbers) => {
    for (const size of [1, 2, 3, 7, 64, 1 << 20]) {
      const found = split(text, size);
      expect(found).toEqual({ texts, numbers, faults: [] });
    }
  });

  const broken: readonly (readonly [
    name: string,
    text: string,
    texts: readonly string[],
    line: number,
  ])[] = [
    ['half an object at the end', '{"a":1}\n{"b":', ['{"a":1}', '{"b":'], 2],
    ['half an object inside a string', '{"a":"x\n{"b":2}\n', ['{"a":"x', '{"b":2}'], 1],
    [
      'half an object after a comma',
      '{"a":1,\n{"b":2}\n{"c":3}\n',
      ['{"a":1,', '{"b":2}', '{"c":3}'],
      1,
    ],
    [
      'half an object after a colon',
      '{"a":\ndatetime=x|aCode=y\n',
      ['{"a":', 'datetime=x|aCode=y'],
      1,
    ],
    ['an array that is never closed', '[{"a":1},\n{"b":2}\n', ['{"a":1}', '{"b":2}'], 1],
    ['an array that goes on as text', '[{"a":1},\nplain\n', ['{"a":1}', 'plain'], 1],
  ];
  test.each(broken)('of %s lose nothing that follows', (_, text, texts, line) => {
    for (const size of [1, 2, 5, 1 << 20]) {
      const found = split(text, size);
      expect(found.texts).toEqual(texts);
      expect(found.faults).toEqual([{ lineNumber: line, kind: 'open JSON' }]);
    }
  });

  test('beyond the limit of a line are cut and reported, in a line and in a document', () => {
    for (const size of [1, 7, 1 << 20]) {
      const line = split(`${'x'.repeat(100)}\nb\n`, size, 20);
      expect(line.texts).toEqual(['x'.repeat(20), 'b']);
      expect(line.faults).toEqual([{ lineNumber: 1, kind: 'cut' }]);
      const record = split(`[{"a":"${'x'.repeat(100)}"},\n{"b":1}]\nc`, size, 20);
      expect(record.texts).toEqual([`{"a":"${'x'.repeat(14)}`, '{"b":1}', 'c']);
      expect(record.faults).toEqual([{ lineNumber: 1, kind: 'cut' }]);
    }
  });

  test('that are not UTF-8 are replaced and reported', () => {
    const found = split(Buffer.from([0x61, 0xff, 0x62, 0x0a, 0x63]), 2);
    expect(found.texts).toEqual(['a\ufffdb', 'c']);
    expect(found.faults).toEqual([{ lineNumber: 1, kind: 'invalid UTF-8' }]);
  });

  test('of characters cut in the middle come out whole', () => {
    expect(split('{"a":"é漢🙂"}\n', 1)).toEqual({
      texts: ['{"a":"é漢🙂"}'],
      numbers: [1],
      faults: [],
    });
  });

  test('of fifty megabytes of nesting are read without a stack', () => {
    const deep = '['.repeat(1 << 20);
    expect(split(`${deep}\n`, 1 << 16).texts).toEqual([]);
  });
});

describe('files', () => {
  test('are read by name, by pattern and from standard input, with the place of each line', async () => {
    put('b.json', '{"b":1}\n');
    put('a.json', '\n{"a":1}\n');
    const found = await read(
      ['*.json', '-'],
      Readable.from([Buffer.from('{"c"'), Buffer.from(':1}')]),
    );
    expect(found.lines.sort()).toEqual(['{"a":1}', '{"b":1}', '{"c":1}']);
    expect(found.places.sort()).toEqual(['-:1', 'a.json:2', 'b.json:1']);
    expect(found.faults).toEqual([]);
    expect(found.sources.map(({ texts }) => texts)).toEqual([1, 1, 1]);
  });

  test('are read once however often they are named', async () => {
    put('a.json', 'x\n');
    expect((await read(['a.json', './a.json', '*.json'])).lines).toEqual(['x']);
  });

  test('packed with gzip are known by their bytes, several members too', async () => {
    put('a.log', Buffer.concat([gzipSync('x\n'), gzipSync('y\n')]));
    expect((await read(['a.log'])).lines).toEqual(['x', 'y']);
    expect((await read(['-'], Readable.from([gzipSync('z')]))).lines).toEqual(['z']);
  });

  test('of which the gzip data is cut off are read as far as they go', async () => {
    const text = Array.from({ length: 20_000 }, (_, i) => `line ${(i * 7919) % 10_007} ${i}`).join(
      '\n',
    );
    const packed = gzipSync(text);
    put('a.gz', packed.subarray(0, Math.floor(packed.length / 2)));
    const { lines, faults } = await read(['a.gz']);
    expect(lines.length).toBeGreaterThan(5000);
    expect(lines.slice(0, 2)).toEqual(['line 0 0', 'line 7919 1']);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({ file: 'a.gz', fatal: false, line: lines.length });
    expect(faults[0]?.message).toMatch(/^a\.gz: line \d+ .*cut off at byte \d+/);
  });

  test('of which the gzip data is damaged say so', async () => {
    const packed = gzipSync('x'.repeat(100_000));
    packed.fill(0xff, 12, 40);
    put('a.gz', packed);
    const { faults } = await read(['a.gz']);
    expect(faults[0]?.message).toContain('damaged');
    expect(faults[0]?.fatal).toBe(true);
  });

  test('that are missing, folders, empty or of another kind are named with what to do, and the rest is read', async () => {
    put('good.json', 'x\n');
    put('empty.json', '');
    put('blank.json', '\n\n');
    put('a.zip', Buffer.from([0x50, 0x4b, 3, 4, 0, 0]));
    put('wide.txt', Buffer.from('\ufeffhello', 'utf16le'));
    mkdirSync(join(cwd, 'folder'));
    const { lines, faults } = await read([
      'none.json',
      'folder',
      'empty.json',
      'blank.json',
      'a.zip',
      'wide.txt',
      '*.csv',
      'good.json',
    ]);
    expect(lines).toEqual(['x']);
    expect(faults.every((fault) => fault.fatal)).toBe(true);
    expect(faults.map((fault) => fault.message).sort()).toEqual([
      '*.csv matches no file. Check the pattern and the folder.',
      'a.zip is a ZIP archive. Unpack it first, then give the files inside.',
      'blank.json holds no lines.',
      'empty.json is empty.',
      'folder is a folder. Name its files, such as folder/*.json.',
      'none.json does not exist. Check the path.',
      'wide.txt is text in UTF-16. Save it as UTF-8, then give it again.',
    ]);
  });

  test.skipIf(process.getuid?.() === 0)('that may not be read say so', async () => {
    put('a.json', 'x\n');
    chmodSync(join(cwd, 'a.json'), 0);
    expect((await read(['a.json'])).faults).toEqual([
      {
        file: 'a.json',
        message: 'a.json may not be read. Give yourself permission to read it.',
        fatal: true,
      },
    ]);
  });

  test('with half an object or strange bytes report line and reason, and count the rest', async () => {
    put('a.json', '{"a":"x\n{"b":"y\n{"c":"x\n{"d":"x\n{"e":"x\n\n');
    const { lines, faults } = await read(['a.json']);
    expect(lines).toHaveLength(5);
    expect(faults.map((fault) => fault.line)).toEqual([1, 2, 3, undefined]);
    expect(faults[0]?.message).toBe(
      'a.json: line 1 begins a JSON text that does not end. What follows it was still read.',
    );
    expect(faults.every((fault) => !fault.fatal)).toBe(true);
    put('b.json', Buffer.from([0x61, 0xff, 0x0a, 0xff, 0x0a]));
    expect((await read(['b.json'])).faults).toMatchObject([
      { file: 'b.json', line: 1, fatal: false },
    ]);
  });
});

describe('a large file', () => {
  test('comes out as it went in, whatever its characters and the length of its lines', async () => {
    const wide = 'é漢🙂';
    const lines = Array.from({ length: 4000 }, (_, i) => {
      const padding = i === 1500 ? 300_000 : (i * 7919) % 250;
      return `{"id":${i},"a":"${i % 100 < 50 ? 'x' : wide}${'y'.repeat(padding)}"}`;
    });
    put('large.json', lines.join('\n'));
    const found = await read(['large.json']);
    expect(found.lines).toEqual(lines);
    expect(found.faults).toEqual([]);
  });

  test('tells the lines that are not UTF-8 among many that are', async () => {
    const lines = Array.from({ length: 3000 }, (_, i) =>
      Buffer.from(`line ${i} ${'é'.repeat(20)}\n`),
    );
    lines[2500] = Buffer.from([0x61, 0xff, 0x0a]);
    put('large.log', Buffer.concat(lines));
    const found = await read(['large.log']);
    expect(found.lines[2499]).toBe(`line 2499 ${'é'.repeat(20)}`);
    expect(found.lines[2500]).toBe('a\ufffd');
    expect(found.faults).toHaveLength(1);
    expect(found.faults[0]).toMatchObject({ line: 2501 });
  });
});

describe.runIf(existsSync('/proc/self/fd'))('a reader that is left early', () => {
  const row = (minute: number) =>
    `{"datetime":"2024-01-01T09:${String(minute).padStart(2, '0')}:00Z"}`;
  const rows = Array.from({ length: 5000 }, (_, i) => row(i % 9)).join('\n');
  const isOpen = (name: string) =>
    readdirSync('/proc/self/fd').some((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === join(cwd, name);
      } catch {
        return false;
      }
    });

  test.each([[['one.json']], [['one.json', 'two.json']]])('closes its files: %j', async (names) => {
    for (const name of names) put(name, rows);
    for await (const batch of openInput(names, { cwd, stdin: process.stdin }).batches) {
      expect(batch.length).toBeGreaterThan(0);
      expect(names.some(isOpen)).toBe(true);
      break;
    }
    expect(names.filter(isOpen)).toEqual([]);
  });
});

describe('the order of lines', () => {
  const at = (minute: number, rest = '') =>
    `{"aCode":"${minute}","datetime":"2024-01-01T09:${String(minute).padStart(2, '0')}:00+0000"${rest}}`;

  test('is that of time where files overlap, as receipts, process and delivery lines do', async () => {
    put('delivery.json', [2, 5, 30].map((m) => at(m)).join('\n'));
    put('process.json', [1, 4, 29].map((m) => at(m)).join('\n'));
    put('receipt.json', [0, 3, 28].map((m) => at(m)).join('\n'));
    const { lines } = await read(['*.json']);
    expect(lines).toEqual([0, 1, 2, 3, 4, 5, 28, 29, 30].map((m) => at(m)));
  });

  test('is that of the files where these follow each other, whatever their names', async () => {
    put('a.json', [30, 31].map((m) => at(m)).join('\n'));
    put('b.json', [1, 2].map((m) => at(m)).join('\n'));
    const { lines, sources } = await read(['a.json', 'b.json']);
    expect(lines).toEqual([1, 2, 30, 31].map((m) => at(m)));
    expect(sources.map((source) => source.file)).toEqual(['b.json', 'a.json']);
  });

  test('is turned round in an export with the newest row first', async () => {
    const row = (minute: number) =>
      `{"datetime_t [UTC]":"1/1/2024, 9:${String(minute).padStart(2, '0')}:00.000 AM","aCode_s":"x"}`;
    put('export.json', `[${[50, 30, 10].map(row).join(',\n')}]`);
    expect((await read(['export.json'])).lines).toEqual([10, 30, 50].map(row));
  });

  test('within ten minutes is left to the engine', async () => {
    put('a.json', [5, 2, 9].map((m) => at(m)).join('\n'));
    expect((await read(['a.json'])).lines).toEqual([5, 2, 9].map((m) => at(m)));
  });
});
