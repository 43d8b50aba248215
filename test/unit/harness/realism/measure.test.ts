import { describe, expect, test } from 'vitest';
import type { Mail, Source } from '../../../../harness/realism/mail.js';
import { surnameForms } from '../../../../harness/realism/mail.js';
import { Measurement, type Statistics } from '../../../../harness/realism/measure.js';
import { gini, Logs, leastSquares, median, Sketch } from '../../../../harness/realism/summaries.js';
import { DAY, everybody, HOUR, MONDAY, mail, tables } from './kit.js';

function measured(mails: Iterable<Mail>, source: Source = everybody): Statistics {
  const measurement = new Measurement(source, tables);
  for (const one of mails) measurement.add(one);
  return measurement.finish();
}

const outbound = (time: number, ...outside: string[]): Mail =>
  mail({ time, local: time, direction: 'outbound', inside: [], outside });

describe('statistics of people’s days', () => {
  const counts = Array.from({ length: 60 }, (_, i) => (i * 7 + (i % 3) * 5) % 6);
  const weekday = (i: number): number =>
    MONDAY + (Math.floor(i / 5) * 7 + (i % 5)) * DAY + 9 * HOUR;
  const mails = counts.flatMap((n, i) =>
    Array.from({ length: n }, (_, k) => mail({ time: weekday(i) + k * 60_000 })),
  );
  // Somebody whose mails mark the first and last day, and who sends too few to be judged.
  const frame = [
    mail({ time: MONDAY, sender: 'eve@corp.example' }),
    mail({ time: weekday(59) + HOUR, sender: 'eve@corp.example' }),
  ];
  const s = measured([frame[0] as Mail, ...mails, frame[1] as Mail]);

  test('are those of the whole series, empty days included', () => {
    const mean = counts.reduce((a, b) => a + b, 0) / 60;
    const variance = counts.reduce((sum, n) => sum + (n - mean) ** 2, 0) / 59;
    let covariance = 0;
    for (let i = 1; i < 60; i++)
      covariance += ((counts[i] as number) - mean) * ((counts[i - 1] as number) - mean);
    expect(s.counts.day_series).toBe(1);
    expect(s.fano_median).toBeCloseTo(variance / mean, 9);
    expect(s.negbin_k_median).toBeCloseTo(mean ** 2 / (variance - mean), 9);
    expect(s.lag1_median).toBeCloseTo(covariance / 59 / variance, 9);
  });

  test('count the days without mail of all who send', () => {
    const empty = counts.filter((n) => n === 0).length;
    expect(s.zero_weekday_share).toBeCloseTo((empty + 58) / 120, 9);
  });

  test('begin with the first mail of those who join, and end with the last of those who leave', () => {
    const staying = Array.from({ length: 200 }, (_, d) => mail({ time: MONDAY + d * DAY }));
    const joined = Array.from({ length: 28 }, (_, d) =>
      mail({
        time: MONDAY + (70 + d) * DAY + HOUR,
        sender: 'new@corp.example',
        inside: ['x@corp.example'],
      }),
    );
    const all = [...staying, ...joined].sort((a, b) => a.time - b.time);
    expect(measured(all).zero_weekday_share).toBe(0);
  });
});

describe('statistics of hours and recipients', () => {
  test('go by the sender’s own clock', () => {
    const late = MONDAY + 20 * HOUR;
    const s = measured([
      mail({ time: late, local: late - 5 * HOUR }),
      mail({ time: late, local: late }),
    ]);
    expect(s.hour_share_weekday[15]).toBe(0.5);
    expect(s.after_hours).toBe(0.5);
  });

  test('leave the weekend out of the hours and count it apart', () => {
    const saturday = MONDAY + 5 * DAY + 22 * HOUR;
    const s = measured([mail(), mail({ time: saturday, local: saturday })]);
    expect(s.weekend_share).toBe(0.5);
    expect(s.after_hours).toBe(0);
  });

  test('tell mails inside from all sent mails', () => {
    const three = ['b@corp.example', 'c@corp.example', 'd@corp.example'];
    const s = measured([mail(), mail({ inside: three }), outbound(MONDAY + HOUR, 'a@x.example')]);
    expect(s.internal_share_1).toBe(0.5);
    expect(s.internal_mean).toBe(2);
    expect(s.internal_p99).toBe(3);
    expect(s.sent_share_1).toBeCloseTo(2 / 3, 9);
  });
});

describe('statistics of external mail', () => {
  test('count one event for each domain of a mail, and what it is new to', () => {
    const at = (day: number): number => MONDAY + day * DAY;
    const other = { ...outbound(at(101), 'a@big.co.uk'), sender: 'eve@corp.example' };
    const s = measured([
      outbound(at(0), 'a@big.co.uk', 'b@big.co.uk', 'c@small.de'),
      outbound(at(100), 'new@mail.big.co.uk'),
      outbound(at(100), 'x@third.com'),
      other,
    ]);
    expect(s.counts.external_events).toBe(5);
    expect(s.first_seen['0-7']).toEqual({
      events: 3,
      user: 3,
      department: 2,
      organisation: 2,
      address: 3,
      // Eve meets .uk too.
      country: 3,
    });
    expect(s.first_seen['90-180']).toEqual({
      events: 2,
      user: 1,
      department: 1,
      organisation: 1,
      address: 2,
      country: 0,
    });
  });

  test('follow the growth of domains with its exponent', () => {
    // Domain d is met at mail ceil(d ^ 1.5): distinct = n ^ (2/3).
    const mails: Mail[] = [];
    let met = 0;
    for (let n = 1; n <= 4000; n++) {
      if (Math.ceil((met + 1) ** 1.5) <= n) met++;
      mails.push(outbound(MONDAY + n * 60_000, `a@d${met}.com`));
    }
    const s = measured(mails);
    expect(s.domains_beta).toBeCloseTo(2 / 3, 1);
    expect(s.domains_K).toBeCloseTo(1, 0);
    expect(s.organisation_curve.beta).toBeCloseTo(2 / 3, 1);
  });

  test('know consumer providers and one’s own mailbox there', () => {
    const s = measured([
      outbound(MONDAY, 'ann.meyer7@gmail.com'),
      outbound(MONDAY, 'joe.black@gmx.de'),
      outbound(MONDAY, 'ann.meyer@firm.com'),
      outbound(MONDAY, 'x@firm.com'),
    ]);
    expect(s.freemail_share).toBe(0.5);
    expect(s.surname_share).toBe(0.25);
  });

  test('count the mail that comes in for each who gets it', () => {
    const s = measured([
      mail({
        direction: 'inbound',
        sender: undefined,
        inside: ['ann@corp.example', 'bob@corp.example'],
        outside: ['a@firm.com'],
      }),
      mail(),
    ]);
    expect(s.counts).toMatchObject({ external_events: 2, inbound: 1, sent: 1 });
    expect(s.external_event_share).toBe(0.5);
  });
});

describe('what is left out of the statistics', () => {
  test('answers of machines', () => {
    const s = measured([mail(), mail({ subject: 'Automatic reply: Plan' })]);
    expect(s.mails).toBe(1);
  });

  test('mail of mailboxes that are nobody’s', () => {
    const source: Source = {
      clock: true,
      person: (name) => (name === 'info@corp.example' ? undefined : everybody.person()),
    };
    const s = measured([mail(), mail({ sender: 'info@corp.example' })], source);
    expect(s.counts.sent).toBe(1);
    // Bob still got it.
    expect(s.mails).toBe(2);
  });

  test('sizes that several files share', () => {
    const s = measured([
      mail({ files: ['a.PDF'], file_bytes: 1000 }),
      mail({ files: ['b.pdf', 'c'], file_bytes: 9000 }),
      mail({ files: ['d.pdf'], file_bytes: undefined }),
    ]);
    expect(s.counts).toMatchObject({ with_files: 3, sized_files: 1 });
    expect(s.file_mu).toBeCloseTo(Math.log(1000), 9);
    expect(s.single_file_share).toBeCloseTo(2 / 3, 9);
    expect(s.extension_share).toEqual({ pdf: 0.75, '': 0.25 });
  });

  test('nothing at all gives no number and no error', () => {
    const s = measured([]);
    expect(s).toMatchObject({ people: 0, mails: 0, days: 0 });
    expect(s.gini).toBeNaN();
    expect(s.rate_sigma).toBeNaN();
    expect(s.internal_p99).toBeNaN();
  });
});

describe('summaries', () => {
  test('of logarithms are mean and standard deviation', () => {
    const logs = new Logs();
    for (const x of [1, Math.E, Math.E ** 2, 0, -3]) logs.add(x);
    expect([logs.count, logs.mu, logs.sigma]).toEqual([3, expect.closeTo(1), expect.closeTo(1)]);
  });

  test('of inequality are 0 for all alike and near 1 for one who has it all', () => {
    expect(gini([3, 3, 3])).toBeCloseTo(0);
    expect(gini([0, 0, 0, 8])).toBeCloseTo(0.75);
  });

  test('of the middle take the mean of the two in an even row and skip what is no number', () => {
    expect(median([5, 1, Number.NaN, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  test('of a power law find exponent and constant', () => {
    const points = [1, 2, 5, 9].map((n) => [Math.log(n), Math.log(2 * n ** 0.7)] as const);
    expect(leastSquares(points)).toEqual({ beta: expect.closeTo(0.7), K: expect.closeTo(2) });
  });

  test('of a sketch are quantiles to a hundredth', () => {
    const sketch = new Sketch();
    for (let i = 1; i <= 1000; i++) sketch.add(i);
    expect(sketch.quantile(0.5) / 500).toBeCloseTo(1, 1.6);
    expect(sketch.quantile(0.99) / 990).toBeCloseTo(1, 1.6);
  });
});

test('last names are found with umlauts spelt out and dropped', () => {
  expect(surnameForms('Müller')).toEqual(['mueller', 'muller']);
  expect(surnameForms("O'Neil")).toEqual(['oneil']);
  expect(surnameForms('Wałęsa')).toEqual(['walesa']);
});
