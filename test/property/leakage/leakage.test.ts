/**
 * No leakage: nothing on a line but the deed itself tells whether it belongs to an attack or a
 * look-alike. A classifier learns on some instances and must rank the others no better than chance;
 * mask.ts says what counts as the deed. Planted leaks show that it would notice.
 */

import { describe, expect, it } from 'vitest';
import { hashText, type LogName } from '#generators';
import { type Finding, findLeak, rankTest } from './classifier.js';
import { examplesOf, FORMATS, type Line, linesOf, SEEDS, samples } from './drills.js';

const tell = ({ auc, chance, positives }: Finding): string =>
  `AUC ${auc.toFixed(3)}, by chance ${chance[0].toFixed(3)} to ${chance[1].toFixed(3)}, ${positives} of deeds`;

function expectNoLeak(finding: Finding): void {
  expect(finding.auc, tell(finding)).toBeLessThanOrEqual(finding.chance[1]);
  expect(finding.auc, tell(finding)).toBeGreaterThanOrEqual(finding.chance[0]);
}

const MAIL: ReadonlySet<LogName> = new Set(['receipt', 'process', 'delivery', 'dlp']);
const ofMail = (log: LogName): boolean => MAIL.has(log);

describe('lines of deeds, the deed itself apart', () => {
  it.each(FORMATS)('look like those of the background (%s)', (format) => {
    const finding = findLeak(examplesOf(format, ofMail), 1);
    if (format !== 'dlp') {
      // Enough of them, and an interval that is narrow enough to mean something.
      expect(finding.positives).toBeGreaterThan(400);
      expect(finding.chance[1] - finding.chance[0], tell(finding)).toBeLessThan(0.12);
    }
    expectNoLeak(finding);
  });

  it('look like those of the background in the other logs', () => {
    const finding = findLeak(
      examplesOf('v1-json', (log) => !ofMail(log)),
      1,
    );
    expect(finding.positives).toBeGreaterThan(100);
    expectNoLeak(finding);
  });

  const halfOf = ({ unit }: Line): boolean => hashText(unit, 5) % 2 === 0;
  it.each<readonly [string, (line: Line) => string]>([
    [
      'ids of half of them begin alike',
      (line) => (halfOf(line) ? line.text.replace(/("aCode":")./, '$1Z') : line.text),
    ],
    [
      'half of the Message-IDs are of another style',
      (line) => (halfOf(line) ? line.text.replace(/"<([0-9a-f]{32})@/, '"<$1.1@') : line.text),
    ],
    [
      'two keys change places',
      ({ text }) => text.replace(/("Dir":"[^"]*"),("(?:Subject|ReceiptAck)":)/, '$2$1,'),
    ],
    ['they come at full minutes', ({ text }) => text.replace(/(T\d\d:\d\d:)\d\d/, '$100')],
    ['an escape is written otherwise', ({ text }) => text.replace('>"', '\\u003e"')],
    [
      'they come from one host',
      ({ log, text }) =>
        log === 'receipt' ? text.replace(/("IP":")[^"]*/, '$1198.51.100.7') : text,
    ],
  ])('would be told apart if %s', (_, spoil) => {
    const finding = findLeak(examplesOf('v1-json', ofMail, spoil), 1);
    expect(finding.auc, tell(finding)).toBeGreaterThan(finding.chance[1] + 0.05);
  });
});

interface Records {
  readonly [key: string]: string | number | boolean | null;
}

describe('what surrounds the lines of deeds', () => {
  const { deeds, background } = samples('v1-json');
  const all = [...deeds, ...background].map((line) => ({
    ...line,
    positive: line.instance !== undefined,
  }));
  const compare = (score: (line: Line) => number, lines = all): Finding =>
    rankTest(
      lines.map((line) => ({ ...line, score: score(line) })),
      1,
    );

  it.each<readonly [string, (line: Line) => number]>([
    ['seconds', ({ time }) => Math.floor(time / 1000) % 60],
    ['seconds from the middle of a minute', ({ time }) => Math.abs(30_000 - (time % 60_000))],
    ['milliseconds', ({ time }) => time % 1000],
    ['share of lines that come twice', ({ doubled }) => Number(doubled)],
  ])('is like that of the background: %s', (_, score) => {
    expectNoLeak(compare(score));
  });

  it('is like that of the background: share of lines out of order, at the same hour', () => {
    // The busier the hour and the more recipients, the more lines overtake each other.
    const receipts = new Map<string, number>();
    for (const { log, unit } of SEEDS.flatMap((seed) => linesOf(seed, 'v1-json')))
      if (log === 'receipt') receipts.set(unit, (receipts.get(unit) ?? 0) + 1);
    const simple = all.filter(({ unit }) => receipts.get(unit) === 1);
    const hour = ({ time }: Line): string => new Date(time).toISOString().slice(11, 13);
    expectNoLeak(
      compare(
        ({ outOfOrder }) => Number(outOfOrder),
        simple.map((line) => ({ ...line, stratum: `${line.stratum} ${hour(line)}` })),
      ),
    );
  });

  it('is like that of the background: pauses, what takes time for its size apart', () => {
    const scanned = new Map<string, number>();
    const received = new Map<string, number>();
    for (const line of SEEDS.flatMap((seed) => linesOf(seed, 'v1-json'))) {
      if (line.log === 'receipt')
        received.set(line.unit, Math.min(line.time, received.get(line.unit) ?? Infinity));
      if (line.log === 'process') scanned.set(line.unit, line.time);
    }
    const processed = all.filter(({ log, unit }) => log === 'process' && received.has(unit));
    expectNoLeak(
      compare(({ time, unit, text }) => {
        const { AttSize } = JSON.parse(text) as Records;
        return time - (received.get(unit) ?? 0) - Number(AttSize) / 9000;
      }, processed),
    );
    const delivered = all.filter(({ text }) => text.includes('"Delivered":true'));
    expect(delivered.filter(({ positive }) => positive).length).toBeGreaterThan(100);
    expectNoLeak(
      compare(({ text }) => {
        const { Latency, Snt, AttSize } = JSON.parse(text) as Records;
        // Taken, sent on and, of its files, scanned.
        return Number(Latency) - Number(Snt) * (1 / 500 + 1 / 6000) - Number(AttSize) / 9000;
      }, delivered),
    );
    const begun = delivered.filter(({ unit }) => scanned.has(unit));
    expectNoLeak(
      compare(({ time, text, unit }) => {
        const { Snt } = JSON.parse(text) as Records;
        return time - (scanned.get(unit) ?? 0) - Number(Snt) / 6000;
      }, begun),
    );
  });

  it('is like that of the background: keys and their order', () => {
    for (const format of FORMATS) {
      const drawn = samples(format);
      const shape = ({ log, text }: Line): string =>
        `${log} ${
          text.startsWith('{')
            ? Object.keys(JSON.parse(text) as Records).join(' ')
            : text
                .split('|')
                .map((pair) => pair.split('=')[0])
                .join(' ')
        }`;
      const known = new Set(
        SEEDS.flatMap((seed) => linesOf(seed, format)).flatMap((line) =>
          line.instance === undefined ? [shape(line)] : [],
        ),
      );
      for (const line of drawn.deeds) expect(known).toContain(shape(line));
    }
  });

  it('is like that of the background: a domain keeps its servers, whoever writes to it', () => {
    const servers = new Map<string, { addresses: Set<unknown>; tls: Set<unknown> }>();
    let deedsSeen = 0;
    for (const { text, log, instance } of SEEDS.flatMap((seed) => linesOf(seed, 'v1-json'))) {
      if (log !== 'delivery' || !text.includes('"Dir":"Outbound"')) continue;
      const { Rcpt, IP, TlsVer = null, Snt } = JSON.parse(text) as Records;
      // Where nobody answers there is no address.
      if (IP === undefined) continue;
      const domain = String(Rcpt).split('@')[1] ?? '';
      const server = servers.get(domain) ?? { addresses: new Set(), tls: new Set() };
      server.addresses.add(IP);
      // Without a connection there is no TLS.
      if (Number(Snt) > 0) server.tls.add(TlsVer);
      servers.set(domain, server);
      if (instance !== undefined) deedsSeen++;
    }
    expect(deedsSeen).toBeGreaterThan(100);
    for (const [domain, { addresses, tls }] of servers) {
      expect(addresses.size, domain).toBeLessThanOrEqual(2);
      expect(tls.size, domain).toBeLessThanOrEqual(1);
    }
  });

  it('is like that of the background: every message has an id and a code of its own', () => {
    const owners = new Map<string, string>();
    for (const { unit, text, log } of SEEDS.flatMap((seed) => linesOf(seed, 'v1-json'))) {
      if (!ofMail(log)) continue;
      const { aCode } = JSON.parse(text) as Records;
      expect(owners.get(String(aCode)) ?? unit).toBe(unit);
      owners.set(String(aCode), unit);
    }
    expect(new Set(owners.values()).size).toBe(owners.size);
  });
});
