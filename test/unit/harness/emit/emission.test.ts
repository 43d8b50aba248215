import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContentPack } from '#content';
import { defineScenario, placeScenario, scenarios } from '#scenarios';
import type { Clock } from '../../../../harness/emit/clock.js';
import {
  type EmitOptions,
  emit,
  type Outlet,
  prepareEmission,
} from '../../../../harness/emit/emission.js';
import {
  type LabelRecord,
  type LineRecord,
  labelText,
  readLabels,
} from '../../../../harness/emit/labels.js';
import type { EmittedLine, Receiver } from '../../../../harness/emit/receiver.js';
import { plan } from '../../../../harness/stages/1-plan.js';
import { simulate } from '../../../../harness/stages/2-simulate.js';
import { UsageFault } from '../../../../harness/usage-fault.js';
import { packOf } from '../fixture.js';

const pack: ContentPack = packOf(['EM-UD-F']);
const options: EmitOptions = {
  seed: 4,
  people: 30,
  peer_groups: 3,
  history_days: 7,
  test_days: 7,
  start: Date.UTC(2024, 0, 1),
  scenarios,
  instances: 1,
  internal_mail: false,
  format: 'v1-json',
  pack,
  version: '0.0.0',
  command: 'leakdrill emit',
  layout: 'stream',
};
const prepared = prepareEmission(options);
const whole = lazily(() => emitted());

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Keeps what it gets; each flush is noted with the number of lines before it. */
class Basket implements Receiver {
  readonly lines: EmittedLine[] = [];
  readonly flushes: number[] = [];
  closed = false;
  abandoned = false;
  onTake: (line: EmittedLine) => void = () => undefined;

  take(line: EmittedLine): undefined {
    this.lines.push(line);
    this.onTake(line);
  }

  flush(): Promise<void> {
    this.flushes.push(this.lines.length);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  abandon(): void {
    this.abandoned = true;
  }

  delivery() {
    return { sent: this.lines.length, acknowledged: undefined, remarks: [] };
  }
}

/** A clock on which only sleeping takes time. */
class StillClock implements Clock {
  private moment = 0;
  now(): number {
    return this.moment;
  }
  sleep(ms: number): Promise<void> {
    this.moment += ms;
    return Promise.resolve();
  }
}

async function emitted(more: Partial<Outlet> = {}, of = prepared) {
  const basket = new Basket();
  const labels: LabelRecord[] = [];
  const emission = await emit(of, {
    receiver: basket,
    label: (record) => {
      labels.push(record);
      return undefined;
    },
    pace: {},
    clock: new StillClock(),
    signal: new AbortController().signal,
    ...more,
  });
  return { basket, labels, emission };
}

const parcel = defineScenario({
  kind: 'attack',
  technique: 'T1048.003',
  title: 'A parcel home',
  story: 'Somebody mails a file home.',
  expects: ['EM-UD-F'],
  cast: ([first]) => first ?? { nobody: 'anybody' },
  *play(stage) {
    yield {
      step: 'mails a file',
      at: stage.at(0, '10:00'),
      activity: stage.mail({
        to: 'home@parcel.example',
        subject: 'A file',
        attachments: { 'a.zip': 1000 },
      }),
    };
  },
});

const linesOf = (labels: readonly LabelRecord[]): LineRecord[] =>
  labels.filter((record) => record.record === 'line');

describe('an emission', () => {
  it('has the lines, ids and labels of a drill with the same options', async () => {
    const { basket, labels, emission } = await whole();
    const planned = plan({ ...options, competitors: [] });
    const simulation = simulate(planned, options);
    const drilled = [...simulation.lines];
    expect(basket.lines.map(({ id, text }) => ({ id, text }))).toEqual(
      drilled.map(({ id, text }) => ({ id, text })),
    );
    const expected = drilled.flatMap(({ id }) => {
      const label = simulation.labels.get(id);
      return label ? [[id, label.kind, planned.instances[label.instance]?.id, label.step]] : [];
    });
    expect(expected.length).toBeGreaterThan(20);
    expect(linesOf(labels).map((one) => [one.line, one.kind, one.instance, one.step])).toEqual(
      expected,
    );
    expect(emission).toMatchObject({ lines: drilled.length, complete: true });
    expect(basket.closed).toBe(true);
  });

  it('tells nothing of a label on the line', async () => {
    const { basket, labels } = await whole();
    const { run } = prepared;
    const names = [
      run,
      'malicious',
      'suspicious',
      'look-alike',
      ...new Set(linesOf(labels).map(({ instance }) => instance)),
    ];
    for (const { text } of basket.lines) {
      // A word that URL protection itself says of links, whoever sent them.
      const rest = text.replace('"scanResult":"malicious"', '');
      for (const name of names) expect(rest).not.toContain(name);
    }
  });

  it('names the Message-ID of the labelled line and the time the product wrote it', async () => {
    const { basket, labels } = await whole();
    let named = 0;
    for (const { line, time, message_id } of linesOf(labels)) {
      const wire = basket.lines[line - 1];
      expect(wire?.time).toBe(Date.parse(time));
      if (message_id === undefined) continue;
      named++;
      expect(wire?.text).toContain(`"MsgId":"${message_id}"`);
    }
    expect(named).toBeGreaterThan(10);
  });

  it('writes header, users and instances first and an end last', async () => {
    const { basket, labels } = await whole();
    const order = labels.map(({ record }) => record);
    expect([...new Set(order)]).toEqual(['header', 'user', 'instance', 'line', 'end']);
    const last = basket.lines.reduce((latest, { time }) => Math.max(latest, time), 0);
    expect(labels.at(-1)).toEqual({
      record: 'end',
      lines: basket.lines.length,
      complete: true,
      last_time: new Date(last).toISOString(),
    });
    const { people, mailboxes } = prepared.plan.organisation;
    expect(labels.filter(({ record }) => record === 'user')).toHaveLength(
      people.length + mailboxes.length,
    );
  });

  it('has a labels file that begins as agreed', async () => {
    const scenarios = [placeScenario('attack/T1048.003/parcel', parcel)];
    const { labels } = await emitted({}, prepareEmission({ ...options, people: 12, scenarios }));
    const first = (record: string): string =>
      labelText(labels.find((one) => one.record === record) as LabelRecord);
    const head = ['header', 'user', 'instance', 'line', 'end'].map(first).join('');
    await expect(head).toMatchFileSnapshot('../../../golden/wire/labels.jsonl.txt');
  });

  it('ends its labels as incomplete when it is stopped, and delivers what was taken', async () => {
    const stop = new AbortController();
    const basket = new Basket();
    basket.onTake = ({ id }) => {
      if (id === 300) stop.abort();
    };
    const { labels, emission } = await emitted({ receiver: basket, signal: stop.signal });
    expect(emission).toMatchObject({ lines: 300, complete: false });
    expect(basket.lines).toHaveLength(300);
    expect(basket.closed).toBe(true);
    expect(labels.at(-1)).toMatchObject({ record: 'end', lines: 300, complete: false });
  });

  it('ends its labels and lets go of the receiver when that fails', async () => {
    const basket = new Basket();
    basket.onTake = ({ id }) => {
      if (id === 200) throw new UsageFault('it is full');
    };
    const labels: LabelRecord[] = [];
    const work = emitted({
      receiver: basket,
      label: (record) => {
        labels.push(record);
        return undefined;
      },
    });
    await expect(work).rejects.toThrow('it is full');
    expect(basket.abandoned).toBe(true);
    expect(labels.at(-1)).toMatchObject({ record: 'end', lines: 200, complete: false });
  });

  it('goes on from a line with the same ids, and labels all lines', async () => {
    const all = await whole();
    const rest = await emitted({}, prepareEmission({ ...options, from_line: 501 }));
    expect(rest.basket.lines).toEqual(all.basket.lines.slice(500));
    expect(rest.labels).toEqual(all.labels);
  });

  it('bears a run name that other lines do not have', () => {
    const other = (more: Partial<EmitOptions>) => prepareEmission({ ...options, ...more }).run;
    expect(other({})).toBe(prepared.run);
    expect(other({ from_line: 9, command: 'x', layout: 'rolled' })).toBe(prepared.run);
    const runs = [
      prepared.run,
      other({ seed: 5 }),
      other({ format: 'v1-kv' }),
      other({ start: options.start + 7 * 86_400_000 }),
    ];
    expect(new Set(runs).size).toBe(4);
  });
});

describe('the pace of an emission', () => {
  it('lets out no more lines in a time than --rate says', async () => {
    const clock = new StillClock();
    const basket = new Basket();
    const moments: number[] = [];
    basket.onTake = () => moments.push(clock.now());
    await emitted({ receiver: basket, clock, pace: { rate: 20 } });
    for (const [i, moment] of moments.entries()) {
      expect(Math.abs(moment - i * 50)).toBeLessThan(6);
    }
    // Held back no longer than a second, or twenty lines.
    const gaps = basket.flushes.map((at, i) => at - (basket.flushes[i - 1] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(21);
  });

  it('plays the days under test at --speed, after a history that goes out at once', async () => {
    const clock = new StillClock();
    const basket = new Basket();
    const moments = new Map<EmittedLine, number>();
    basket.onTake = (line) => moments.set(line, clock.now());
    await emitted({ receiver: basket, clock, pace: { speed: 3600 } });
    const { test } = prepared.plan;
    let latest = 0;
    let origin: number | undefined;
    for (const [{ time }, moment] of moments) {
      latest = Math.max(latest, time);
      if (latest < test.start) expect(moment).toBe(0);
      else {
        origin ??= latest;
        expect(Math.abs(moment - (latest - origin) / 3600)).toBeLessThan(6);
      }
    }
    expect(clock.now()).toBeGreaterThan((5 * 86_400_000) / 3600);
  });
});

describe('a labels file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'leakdrill-labels-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const written = (text: string): string => {
    const path = join(folder, 'labels.jsonl');
    writeFileSync(path, text);
    return path;
  };

  it('is read back as it was written', async () => {
    const { labels } = await whole();
    const path = written(labels.map(labelText).join(''));
    const read = await readLabels(path, 'labels.jsonl');
    expect([read.header, ...read.users, ...read.instances, ...read.lines, read.end]).toEqual(
      labels,
    );
    expect(readFileSync(path, 'utf8')).not.toContain('undefined');
  });

  it('may be cut off', async () => {
    const { labels } = await whole();
    const { end, lines } = await readLabels(
      written(labels.slice(0, -5).map(labelText).join('')),
      'x',
    );
    expect(end).toBeUndefined();
    expect(lines).toHaveLength(linesOf(labels).length - 4);
  });

  it.each([
    ['', 'labels is empty.'],
    ['{"record":"line","line":1}\n', 'labels:1 has no time.'],
    ['rule,user,time\n', 'labels:1 is not JSON.'],
    ['{"a":1}\n', 'labels:1 is no label record.'],
    [
      '{"record":"user","user":"a","aliases":[],"from":"2024-01-01T00:00:00Z"}\n',
      'labels: the first line is no header.',
    ],
  ])('that is none is refused with a reason: %s', async (text, reason) => {
    await expect(readLabels(written(text), 'labels')).rejects.toThrow(reason);
  });
});
