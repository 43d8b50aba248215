import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { judge } from '../../../harness/gate.js';
import {
  parseResult,
  ResultError,
  readResult,
  resultFaults,
  serialiseResult,
  writeResult,
} from '../../../harness/result.js';
import { drillOf, instanceOf, labellerOf, measureDrill } from './fixture.js';

const drill = drillOf(['EM-A'], [instanceOf('attack/T1048.003/drip#1', 'attack', ['EM-A'])]);
const measurement = measureDrill(drill, labellerOf(drill).finish());
const result = { ...measurement, ...judge(drill.pack, measurement) };

describe('a result file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'leakdrill-'));
  afterAll(() => rm(folder, { recursive: true }));

  it('is read back as it was written', async () => {
    const path = join(folder, 'result.json');
    await writeResult(path, result);
    expect(await readResult(path)).toEqual(result);
  });

  it('that is not there is named', async () => {
    await expect(readResult(join(folder, 'none.json'))).rejects.toThrow(
      /none\.json cannot be read/,
    );
  });

  it('that cannot be written is named', async () => {
    await expect(writeResult(join(folder, 'no', 'such.json'), result)).rejects.toThrow(ResultError);
  });

  it('that is cut off is named', async () => {
    const path = join(folder, 'half.json');
    await writeFile(path, serialiseResult(result).slice(0, 100));
    await expect(readResult(path)).rejects.toThrow(/half\.json is not JSON/);
  });
});

describe('the check of a result', () => {
  it('says where a value is wrong', () => {
    const wrong = { ...result, receipt: { ...result.receipt, seed: 'one' } };
    expect(resultFaults(wrong)).toEqual(['/receipt/seed must be integer']);
  });

  it('names keys that do not belong there', () => {
    expect(resultFaults({ ...result, extra: 1 })).toEqual([
      '/ must NOT have additional properties (extra)',
    ]);
  });

  it('lets no figure through that JSON cannot hold', () => {
    const [rule] = result.rules;
    const broken = { ...rule, recall: { ...rule?.recall, low: Number.NaN } };
    expect(resultFaults({ ...result, rules: [broken] })).toEqual([
      '/rules/0/recall/low must be number',
    ]);
  });

  it('tells another version from another file', () => {
    expect(() => parseResult('{"version": 2}', 'old.json')).toThrow(
      'old.json is a result of version 2; this program reads 1',
    );
    expect(() => parseResult('[]', 'list.json')).toThrow('list.json is not a drill result');
  });
});
