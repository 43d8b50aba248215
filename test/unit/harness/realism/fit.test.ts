import { beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_PROFILE, profileWith } from '#generators';
import { type Fit, fitProfile, type Stage } from '../../../../harness/realism/fit.js';
import { firstShare } from '../../../../harness/realism/judge.js';
import type { Statistics } from '../../../../harness/realism/measure.js';
import { play } from '../../../../harness/realism/play.js';
import { tables } from './kit.js';

const about = { clock: true, name: 'corp', source: 'test' };

describe('a profile fitted to mail', () => {
  const truth = profileWith({
    mails_per_weekday: 4,
    external_share: 0.4,
    external_spread: 3,
    recipients: { several: 0.4 },
    novelty: { floor: 0.05, exponent: 0.45, address: 0.2 },
    subjects: { reply: 0.5, forward: 0.05 },
    attachments: { mu: 11, sigma: 0.8 },
    mix: { freemail_share: 0.08, own_mailbox_share: 0.02, attachment_share: 0.4, inbound_ratio: 2 },
  });
  const size = { people: 40, peer_groups: 4, days: 120, internal_mail: true };
  let observed: Statistics;
  let fit: Fit;
  let again: Statistics;
  beforeAll(() => {
    observed = play({ ...size, seed: 73, profile: truth }, tables);
    fit = fitProfile(observed, about, (profile, stage) => play({ ...stage, profile }, tables));
    again = play({ ...size, seed: 78, profile: fit.profile }, tables);
  }, 120_000);

  test('says what it could not fit', () => {
    expect(fit.kept).toEqual([]);
    expect(fit.profile).toMatchObject({ name: 'corp', source: 'test' });
  });

  test('finds the parameters that the mail was made with', () => {
    const { profile } = fit;
    const near = (found: number, made: number, within: number): void => {
      expect(Math.abs(Math.log(found / made))).toBeLessThan(Math.log(1 + within));
    };
    near(profile.mails_per_weekday, 4, 0.15);
    near(profile.recipients.several, 0.4, 0.1);
    near(profile.subjects.reply, 0.5, 0.1);
    near(profile.subjects.forward, 0.05, 0.2);
    near(profile.novelty.address, 0.2, 0.4);
    near(profile.mix.inbound_ratio, 2, 0.15);
    expect(profile.attachments.mu).toBeCloseTo(11, 0.5);
    near(profile.attachments.sigma, 0.8, 0.15);
    expect(profile.novelty.floor).toBeLessThan(0.1);
  });

  test('makes the generator behave like it', () => {
    const off = (of: (s: Statistics) => number): number =>
      Math.abs(Math.log(of(again) / of(observed)));
    expect(off((s) => s.sent_per_weekday)).toBeLessThan(0.25);
    expect(off((s) => s.outbound_external_share)).toBeLessThan(0.25);
    expect(off((s) => s.sent_share_1)).toBeLessThan(0.05);
    expect(off((s) => s.domains_beta)).toBeLessThan(0.15);
    expect(off((s) => firstShare(s, 'user', ['30-60', '60-90', '90-180']))).toBeLessThan(0.25);
    expect(off((s) => s.re_share)).toBeLessThan(0.1);
    expect(off((s) => s.freemail_share)).toBeLessThan(0.4);
    expect(off((s) => s.files_share_outbound)).toBeLessThan(0.3);
    expect(Math.abs(again.file_mu - observed.file_mu)).toBeLessThan(0.15);
  });
});

describe('what mail cannot tell', () => {
  const outboundOnly = (changes: Partial<Statistics> = {}): Statistics => ({
    ...play({ seed: 3, people: 30, peer_groups: 3, days: 60, internal_mail: false }, tables),
    ...changes,
  });
  const fitted = (s: Statistics, clock = true): { fit: Fit; stages: Stage[] } => {
    const stages: Stage[] = [];
    // The simulation always shows what was seen: nothing is to be moved.
    const fit = fitProfile(s, { ...about, clock }, (_, stage) => {
      stages.push(stage);
      return s;
    });
    return { fit, stages };
  };

  test('keeps its default and is named with the reason', () => {
    const { fit } = fitted(outboundOnly({ departments: 0 }), false);
    const kept = new Map(fit.kept.map(({ parameter, reason }) => [parameter, reason]));
    expect(kept.get('external_share')).toBe('no mail between colleagues');
    expect(kept.get('hours')).toBe("the senders' time zone is not known");
    expect(kept.get('novelty.department')).toBe('departments not known');
    expect(fit.profile.external_share).toBe(DEFAULT_PROFILE.external_share);
    expect(fit.profile.hours).toEqual(DEFAULT_PROFILE.hours);
  });

  test('is not simulated either, and several organisations are', () => {
    const { stages } = fitted(outboundOnly());
    expect(new Set(stages.map(({ internal_mail }) => internal_mail))).toEqual(new Set([false]));
    expect(new Set(stages.map(({ seed }) => seed)).size).toBe(stages.length);
  });

  test('leaves a profile alone whose simulation shows what was seen', () => {
    const { fit } = fitted(outboundOnly());
    const { name, source, bodies, ...rest } = fit.profile;
    const plain = (value: unknown): unknown =>
      JSON.parse(JSON.stringify(value), (_, x) =>
        typeof x === 'number' ? Number(x.toPrecision(4)) : x,
      );
    expect(plain(rest)).toEqual(
      plain({ ...DEFAULT_PROFILE, name: undefined, source: undefined, bodies: undefined }),
    );
  });

  test('is nearly everything when there is hardly any mail', () => {
    const s = play({ seed: 3, people: 2, peer_groups: 1, days: 2, internal_mail: false }, tables);
    const { fit, stages } = fitted(s);
    expect(stages).toEqual([]);
    expect(fit.kept.length).toBeGreaterThan(20);
  });

  test('of bodies is guessed from whole mails, less their headers', () => {
    const s = outboundOnly();
    const { fit } = fitted({
      ...s,
      counts: { ...s.counts, sized_bodies: 0, sized_mails: 5000 },
      plain_median: 12_000,
      plain_p84: 32_000,
    });
    expect(fit.profile.bodies.mu).toBeCloseTo(Math.log(10_000), 3);
    expect(fit.profile.bodies.sigma).toBeCloseTo(Math.log(3), 3);
  });
});
