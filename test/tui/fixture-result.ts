/**
 * A realistic result of a drill, as faces get it: 41 rules, 4 techniques, 16 instances. The
 * figures hang together: counts add up and intervals are those of the counts. Long because most of
 * it is a list of rules.
 */
import type { RunEvent, Stage } from '../../harness/events.js';
import type {
  Alert,
  Estimate,
  GateResult,
  InstanceResult,
  Miss,
  RuleResult,
  RunResult,
  TechniqueResult,
} from '../../harness/result.generated.js';

const start = Date.UTC(2024, 0, 1);
const dayMs = 86_400_000;
const testStart = start + 180 * dayMs;
const userDays = 5_874;
const baseRate = 0.0001;

/** Wilson score interval. */
export function proportion(hits: number, evidence: number): Estimate {
  if (evidence === 0) return { value: null, low: 0, high: 1, hits: 0, evidence: 0 };
  const z = 1.959964;
  const p = hits / evidence;
  const middle = (p + z ** 2 / (2 * evidence)) / (1 + z ** 2 / evidence);
  const half =
    (z / (1 + z ** 2 / evidence)) *
    Math.sqrt((p * (1 - p)) / evidence + z ** 2 / (4 * evidence ** 2));
  return {
    value: p,
    low: hits === 0 ? 0 : middle - half,
    high: hits === evidence ? 1 : middle + half,
    hits,
    evidence,
  };
}

/** Poisson interval per 1 000 user-days (Wilson-Hilferty, close enough for a fixture). */
export function perThousand(hits: number, days = userDays): Estimate {
  if (days === 0) return { value: null, low: 0, high: null, hits: 0, evidence: 0 };
  const bound = (n: number, z: number): number =>
    n * (1 - 1 / (9 * n) + z / (3 * Math.sqrt(n))) ** 3;
  const scale = 1000 / days;
  return {
    value: hits * scale,
    low: hits === 0 ? 0 : bound(hits, -1.959964) * scale,
    high: hits === 0 ? 3 * scale : bound(hits + 1, 1.959964) * scale,
    hits,
    evidence: days,
  };
}

function atBaseRate(recall: Estimate, falseRate: Estimate): Estimate {
  if (recall.value === null || falseRate.value === null) {
    return { value: null, low: 0, high: 1, evidence: 0 };
  }
  const precision = (r: number, f: number): number =>
    r === 0 ? 0 : (baseRate * r) / (baseRate * r + f / 1000);
  return {
    value: precision(recall.value, falseRate.value),
    low: precision(recall.low, falseRate.high ?? 1000),
    high: precision(recall.high ?? 1, falseRate.low),
    evidence: recall.evidence,
  };
}

const techniques: [id: string, name: string][] = [
  [
    'T1048.003',
    'Exfiltration Over Alternative Protocol: Exfiltration Over Unencrypted/Obfuscated Non-C2 Protocol',
  ],
  ['T1071.001', 'Application Layer Protocol: Web Protocols'],
  ['T1114.003', 'Email Collection: Email Forwarding Rule'],
  ['T1567.002', 'Exfiltration Over Web Service: Exfiltration to Cloud Storage'],
];

const attack = (
  id: string,
  technique: string,
  title: string,
  user: string,
  testDay: number,
  points: number,
): InstanceResult => ({
  id,
  scenario: id.replace(/#.*/, ''),
  kind: 'attack',
  technique,
  title,
  story: `${title}, over ${testDay % 4 === 0 ? 'one day' : 'a week'}.`,
  user: `${user}@northwind.example`,
  first: testStart + testDay * dayMs + 9 * 3_600_000,
  last: testStart + (testDay + 2) * dayMs,
  lines: 12 + testDay,
  expects: [],
  fired: [],
  points,
  notable: points >= 90,
});
const lookAlike = (...args: Parameters<typeof attack>): InstanceResult => ({
  ...attack(...args),
  kind: 'look-alike',
});

const seeded: InstanceResult[] = [
  attack(
    'personal-mailbox-drip#1',
    'T1048.003',
    'Files go to the own mailbox bit by bit',
    'mara.lindqvist',
    4,
    145,
  ),
  attack(
    'personal-mailbox-drip#2',
    'T1048.003',
    'Files go to the own mailbox bit by bit',
    'jonas.okafor',
    11,
    110,
  ),
  attack(
    'personal-mailbox-drip#3',
    'T1048.003',
    'Files go to the own mailbox bit by bit',
    'wei.zhang',
    19,
    60,
  ),
  attack(
    'source-code-to-competitor#1',
    'T1048.003',
    'Source code goes to a competitor',
    'ines.moreau',
    8,
    175,
  ),
  attack(
    'forward-everything#1',
    'T1114.003',
    'An inbox rule forwards all mail outside',
    'tom.becker',
    3,
    95,
  ),
  attack(
    'forward-everything#2',
    'T1114.003',
    'An inbox rule forwards all mail outside',
    'aiko.tanaka',
    22,
    95,
  ),
  attack(
    'leaver-bulk-upload#1',
    'T1567.002',
    'A leaver uploads a project to a file share',
    'sam.whitfield',
    14,
    120,
  ),
  attack(
    'leaver-bulk-upload#2',
    'T1567.002',
    'A leaver uploads a project to a file share',
    'lena.novak',
    26,
    40,
  ),
  attack(
    'new-account-upload#1',
    'T1071.001',
    'A dormant account tries a large upload',
    'svc.archive',
    17,
    0,
  ),
  lookAlike(
    'payslip-to-self#1',
    'T1048.003',
    'A person sends the own payslip home',
    'petra.hoffmann',
    5,
    65,
  ),
  lookAlike(
    'payslip-to-self#2',
    'T1048.003',
    'A person sends the own payslip home',
    'ravi.menon',
    20,
    20,
  ),
  lookAlike(
    'new-supplier#1',
    'T1048.003',
    'First mails to a new supplier abroad',
    'olu.adeyemi',
    12,
    30,
  ),
  lookAlike(
    'holiday-forward#1',
    'T1114.003',
    'A holiday stand-in inside the company',
    'carla.rossi',
    9,
    0,
  ),
  lookAlike(
    'agency-file-share#1',
    'T1567.002',
    'Marketing uploads artwork for an agency',
    'noor.haddad',
    16,
    105,
  ),
  lookAlike(
    'first-day-download#1',
    'T1071.001',
    'A new joiner fetches large installers',
    'eli.frost',
    2,
    0,
  ),
];

interface Seed {
  readonly id: string;
  readonly name: string;
  readonly when: string;
  readonly score: number;
  readonly model?: string;
  /** Attack instances caught, missed. */
  readonly caught?: readonly string[];
  readonly missed?: readonly [instance: string, cause: Miss['cause']][];
  readonly falseAlerts?: number;
  readonly raised?: readonly string[];
  readonly gaps?: readonly string[];
}

const first = 'num_observations == 0 && n >= 20';
const abnormal =
  'num_observations > 0 && num_observations < percentile_threshold_count && confidence_factor >= 0.8';
const drip = ['personal-mailbox-drip#1', 'personal-mailbox-drip#2', 'personal-mailbox-drip#3'];

const mail: Seed[] = [
  {
    id: 'EM-BSum-5MB',
    name: 'Over 5MB of data emailed to personal email domain.',
    when: 'sum_if(bytes, to_personal) > 5 * MB',
    score: 30,
    caught: drip.slice(0, 2),
    missed: [[drip[2] as string, 'threshold not reached']],
    falseAlerts: 3,
    raised: ['payslip-to-self#1'],
  },
  {
    id: 'EM-BSum-5MB-Fail',
    name: 'Failed attempt to email over 5MB of data to a personal email domain.',
    when: "outcome == 'failed' && sum_if(bytes, to_personal) > 5 * MB",
    score: 20,
  },
  {
    id: 'EM-BSum-first',
    name: 'Large amount of data in email for user with no history',
    when: 'active_days < 3 && sum(bytes) > 10 * MB',
    score: 15,
    falseAlerts: 2,
  },
  {
    id: 'EM-Bytes',
    name: 'Abnormally large outbound email for user',
    when: 'value > percentile_threshold_value && value > 2 * MB && confidence_factor >= 0.8',
    score: 15,
    model: 'EM-Bytes',
    caught: [drip[0] as string],
    missed: [
      [drip[1] as string, 'model not converged'],
      [drip[2] as string, 'threshold not reached'],
    ],
    falseAlerts: 41,
    raised: ['payslip-to-self#1', 'new-supplier#1'],
  },
  {
    id: 'EM-Competition',
    name: 'Email to competition',
    when: 'to_competition',
    score: 40,
    caught: ['source-code-to-competitor#1'],
    falseAlerts: 1,
  },
  {
    id: 'EM-country-F',
    name: 'First email to country for the organization',
    when: first,
    score: 10,
    model: 'EM-country',
    falseAlerts: 6,
    raised: ['new-supplier#1'],
  },
  {
    id: 'EM-country-A',
    name: 'Abnormal email to country for the organization',
    when: abnormal,
    score: 5,
    model: 'EM-country',
    falseAlerts: 58,
  },
  {
    id: 'EM-Gcountry-F',
    name: 'First email to country for the peer group',
    when: first,
    score: 8,
    model: 'EM-Gcountry',
    falseAlerts: 22,
  },
  {
    id: 'EM-Gcountry-A',
    name: 'Abnormal email to country',
    when: abnormal,
    score: 5,
    model: 'EM-Gcountry',
    falseAlerts: 71,
  },
  {
    id: 'EM-Ucountry-F',
    name: 'First email to country for the user',
    when: first,
    score: 5,
    model: 'EM-Ucountry',
    falseAlerts: 129,
  },
  {
    id: 'EM-Ucountry-A',
    name: 'Abnormal email to country for the user',
    when: abnormal,
    score: 5,
    model: 'EM-Ucountry',
    falseAlerts: 164,
  },
  {
    id: 'EM-UD-F',
    name: 'First email domain for user',
    when: first,
    score: 15,
    model: 'EM-UD',
    caught: [...drip, 'source-code-to-competitor#1'],
    falseAlerts: 212,
    raised: ['payslip-to-self#1', 'payslip-to-self#2', 'new-supplier#1'],
  },
  {
    id: 'EM-UD-A',
    name: 'Abnormal email domain for user',
    when: abnormal,
    score: 5,
    model: 'EM-UD',
    caught: drip.slice(0, 1),
    missed: [
      [drip[1] as string, 'model not converged'],
      [drip[2] as string, 'model not converged'],
    ],
    falseAlerts: 340,
    gaps: ['A user who always mails home has no abnormal domain.'],
  },
  {
    id: 'EM-GD-F',
    name: 'First email domain for group',
    when: first,
    score: 10,
    model: 'EM-GD',
    caught: ['source-code-to-competitor#1'],
    falseAlerts: 47,
  },
  {
    id: 'EM-GD-A',
    name: 'Abnormal email domain for group',
    when: abnormal,
    score: 5,
    model: 'EM-GD',
    falseAlerts: 118,
  },
  {
    id: 'EM-OD-F',
    name: 'First email domain for organization',
    when: first,
    score: 15,
    model: 'EM-OD',
    caught: ['source-code-to-competitor#1'],
    falseAlerts: 17,
    raised: ['new-supplier#1'],
  },
  {
    id: 'EM-OD-A',
    name: 'Abnormal email domain for organization',
    when: abnormal,
    score: 5,
    model: 'EM-OD',
    falseAlerts: 66,
  },
  {
    id: 'FEM-FU',
    name: 'Emailing a previously failed attachment',
    when: 'any(file_names, observations("FEM-FU", f) > 0)',
    score: 25,
    model: 'FEM-FU',
    missed: [['source-code-to-competitor#1', 'field absent']],
    falseAlerts: 4,
  },
  {
    id: 'FEM-UD-R',
    name: 'Repeated email failure to domain',
    when: "count(external_domains) >= 3 && outcome == 'failed'",
    score: 10,
    falseAlerts: 9,
  },
  {
    id: 'EM-DED',
    name: 'Email to a disposable email domain',
    when: 'to_disposable',
    score: 25,
    falseAlerts: 0,
  },
  {
    id: 'EM-G-EXEC-F',
    name: 'First time this peer group has forwarded/sent an email from an executive user',
    when: first,
    score: 10,
    model: 'EM-G-EXEC',
  },
  {
    id: 'EM-G-EXEC-A',
    name: 'Abnormal for this peer group has forwarded/sent an email from an executive user',
    when: abnormal,
    score: 5,
    model: 'EM-G-EXEC',
  },
  {
    id: 'EM-EXEC-Personal',
    name: 'Email sent by an Executive user is forwarded to personal email',
    when: "observations('EM-EXEC', subject_core) > 0 && to_personal",
    score: 30,
  },
  {
    id: 'EM-EXEC-Public',
    name: 'Email sent by an Executive user is forwarded to public email',
    when: "observations('EM-EXEC', subject_core) > 0 && to_public",
    score: 20,
    falseAlerts: 2,
  },
  {
    id: 'EM-PublicDomain',
    name: 'Email has been sent to public email domain from company email',
    when: 'to_public',
    score: 2,
    caught: drip,
    falseAlerts: 903,
    raised: ['payslip-to-self#1', 'payslip-to-self#2'],
  },
  {
    id: 'EM-Personal-PrivacySize',
    name: 'Email with privacy keywords in subject is sent to personal email address from company email address and the email is larger than 10KB',
    when: "to_personal && contains_any(subject, 'privacy_keywords') && bytes > 10 * KB",
    score: 30,
    falseAlerts: 1,
    raised: ['payslip-to-self#1'],
  },
  {
    id: 'EM-PersonalEmail',
    name: 'Email sent to their personal email from company email',
    when: 'to_personal',
    score: 20,
    caught: drip,
    falseAlerts: 88,
    raised: ['payslip-to-self#1', 'payslip-to-self#2'],
  },
  {
    id: 'EM-UFEXT-A',
    name: 'Abnormal file attachment type in email for user',
    when: abnormal,
    score: 5,
    model: 'EM-UFEXT',
    missed: [['source-code-to-competitor#1', 'once already spent']],
    falseAlerts: 97,
  },
  {
    id: 'EM-GFEXT-A',
    name: 'Abnormal file attachment type in email for peer group',
    when: abnormal,
    score: 5,
    model: 'EM-GFEXT',
    falseAlerts: 54,
  },
  {
    id: 'EM-OFEXT-A',
    name: 'Abnormal file attachment type in email for organization',
    when: abnormal,
    score: 5,
    model: 'EM-OFEXT',
    falseAlerts: 31,
  },
  {
    id: 'EM-Attachments',
    name: 'Abnormal number of attachments in outbound email for user',
    when: 'value > percentile_threshold_value && confidence_factor >= 0.8',
    score: 10,
    model: 'EM-Attachments',
    falseAlerts: 62,
  },
  {
    id: 'EM-File',
    name: 'Source code file found in outgoing email attachment',
    when: "any_in_table('source_code_extensions', file_extensions)",
    score: 30,
    caught: ['source-code-to-competitor#1'],
    falseAlerts: 5,
  },
  {
    id: 'EM-Confidential-File',
    name: 'Confidential file found in outgoing email attachment',
    when: "contains_any(file_names, 'confidential_words')",
    score: 30,
    falseAlerts: 3,
  },
  {
    id: 'EM-N-SUM-20',
    name: 'Over 20MB sent by a new user over email',
    when: 'time - first_seen < WEEK && sum(bytes) > 20 * MB',
    score: 25,
  },
];
const rulesOf: [technique: string, seeds: Seed[]][] = [
  ['T1048.003', mail],
  [
    'T1071.001',
    [
      {
        id: 'WEB-New-File-20-Block',
        name: 'User with no web activity history was blocked from uploading 20MB or more',
        when: "active_days == 0 && action == 'blocked' && sum(bytes) >= 20 * MB",
        score: 30,
        missed: [['new-account-upload#1', 'not parsed']],
      },
    ],
  ],
  [
    'T1114.003',
    [
      {
        id: 'EM-InRule-EX',
        name: 'User has created an inbox forwarding rule to forward email to an external domain email',
        when: 'size(external_domains) > 0',
        score: 50,
        caught: ['forward-everything#1', 'forward-everything#2'],
        falseAlerts: 2,
      },
      {
        id: 'EM-InRule-Public',
        name: 'User has created an inbox forwarding rule to forward email to a public email domain',
        when: 'to_public',
        score: 45,
        caught: ['forward-everything#1', 'forward-everything#2'],
      },
      {
        id: 'EM-InRule-Fin',
        name: 'User has created an inbox forwarding rule to forward emails containing financial keywords',
        when: "contains_any(rule_words, 'financial_keywords')",
        score: 40,
      },
    ],
  ],
  [
    'T1567.002',
    [
      {
        id: 'WEB-FS',
        name: 'User has accessed a file sharing domain',
        when: 'file_sharing',
        score: 5,
        caught: ['leaver-bulk-upload#1', 'leaver-bulk-upload#2'],
        falseAlerts: 486,
        raised: ['agency-file-share#1'],
      },
      {
        id: 'WEB-OU-FS',
        name: 'One of the top file sharing users in the organization',
        when: 'value >= top_threshold_count && confidence_factor >= 0.8',
        score: 20,
        model: 'WEB-OU-FS',
        caught: ['leaver-bulk-upload#1'],
        missed: [['leaver-bulk-upload#2', 'threshold not reached']],
        falseAlerts: 14,
        raised: ['agency-file-share#1'],
      },
      {
        id: 'WEB-OG-FS',
        name: 'One of the top file sharing users in the peer group',
        when: 'value >= top_threshold_count && confidence_factor >= 0.8',
        score: 15,
        model: 'WEB-OG-FS',
        caught: ['leaver-bulk-upload#1'],
        missed: [['leaver-bulk-upload#2', 'threshold not reached']],
        falseAlerts: 19,
      },
    ],
  ],
];

const people = [
  'hana.suzuki',
  'derek.olsen',
  'maya.patel',
  'leo.martin',
  'greta.weiss',
  'amir.najafi',
];

function explanation(seed: Seed, cause: Miss['cause']): string {
  if (cause === 'field absent')
    return `${seed.when}\n  file_names  absent\n  result      not decided`;
  if (cause === 'not parsed') return 'No event was built from the lines of this instance.';
  const parts = seed.when.split(' && ');
  return [
    seed.when,
    ...parts.map((part, k) => `  ${part.padEnd(44)} ${k === parts.length - 1 ? 'false' : 'true'}`),
    '    num_observations                           0',
    '    n                                          12',
    '    confidence_factor                          0.41',
  ].join('\n');
}

function ruleResult(seed: Seed, technique: string, index: number): RuleResult {
  const caught = seed.caught ?? [];
  const missed = seed.missed ?? [];
  const raised = seed.raised ?? [];
  const falseAlerts = seed.falseAlerts ?? 0;
  const alikes = seeded.filter((i) => i.kind === 'look-alike' && i.technique === technique).length;
  const recall = proportion(caught.length, caught.length + missed.length);
  const falseRate = perThousand(falseAlerts);
  const alerts = caught.length + falseAlerts + raised.length;
  const example = (label: Alert['label'], k: number, instance?: InstanceResult): Alert => {
    const user = instance?.user ?? `${people[(k + index) % people.length]}@northwind.example`;
    const { model } = seed;
    return {
      rule: seed.id,
      user,
      time: instance?.first ?? testStart + ((k * 5 + index) % 30) * dayMs + 10 * 3_600_000,
      label,
      ...(instance ? { scenario: instance.scenario, instance: instance.id } : {}),
      reason: model
        ? `${seed.name}: ${user} and "inbox-${(k + index) % 7}.example" were seen ${k % 2} times in ${120 + k * 31} observations of ${model}`
        : `${seed.name}: ${user} sent ${((k + 3) * 1.7).toFixed(1)} MB`,
      score: seed.score,
      triggers: 1 + (k % 3),
    };
  };
  const of = (id: string): InstanceResult => seeded.find((i) => i.id === id) as InstanceResult;
  return {
    id: seed.id,
    name: seed.name,
    technique,
    file: `content/rules/${technique}/${seed.id}.yaml`,
    ...(seed.model ? { model: seed.model } : {}),
    when: seed.when,
    score: seed.score,
    expected: caught.length + missed.length,
    caught: caught.length,
    caught_instances: [...caught],
    missed_instances: missed.map(([instance, cause]) => ({
      instance,
      cause,
      explanation: explanation(seed, cause),
    })),
    recall,
    alerts,
    true_alerts: caught.length,
    false_alerts: falseAlerts,
    look_alike_alerts: raised.length,
    triggers: alerts * 2,
    false_per_1000_user_days: falseRate,
    precision: proportion(caught.length, alerts),
    precision_at_base_rate: atBaseRate(recall, falseRate),
    look_alike_specificity: proportion(alikes - raised.length, alikes),
    unique_catches: seed.id === 'EM-Competition' ? 1 : 0,
    ...(caught.length > 0
      ? {
          detection: {
            median_events: 1 + (index % 3),
            p90_events: 4 + (index % 5),
            median_hours: 0.5 + (index % 4),
            p90_hours: 20 + index,
          },
        }
      : {}),
    examples: [
      ...caught.map((id, k) => example('malicious', k, of(id))),
      ...Array.from({ length: Math.min(10, falseAlerts) }, (_, k) => example('benign', k)),
      ...raised.map((id, k) => example('suspicious', k, of(id))),
    ],
    known_gaps: [...(seed.gaps ?? [])],
  };
}

export const rules: RuleResult[] = rulesOf.flatMap(([technique, seeds], block) =>
  seeds.map((seed, k) => ruleResult(seed, technique, block * 40 + k)),
);

const instances: InstanceResult[] = seeded.map((instance) => {
  const missed = rules.filter((rule) =>
    rule.missed_instances?.some((miss) => miss.instance === instance.id),
  );
  const fired = rules.filter(
    (rule) =>
      rule.caught_instances?.includes(instance.id) ||
      rule.examples.some((alert) => alert.instance === instance.id),
  );
  return {
    ...instance,
    expects:
      instance.kind === 'attack' ? [...new Set([...fired, ...missed].map((rule) => rule.id))] : [],
    fired: fired.map((rule) => rule.id),
  };
});

function techniqueResult([id, name]: [string, string]): TechniqueResult {
  const own = rules.filter((rule) => rule.technique === id);
  const attacks = instances.filter((i) => i.kind === 'attack' && i.technique === id);
  const alikes = instances.filter((i) => i.kind === 'look-alike' && i.technique === id);
  const caught = attacks.filter((i) => i.fired.length > 0).length;
  return {
    id,
    name,
    mapped: own.length,
    exercised: own.filter((rule) => rule.expected > 0 || rule.alerts > 0).length,
    covered: own.filter((rule) => rule.caught > 0 && rule.look_alike_alerts === 0).length,
    instances: attacks.length,
    caught,
    notable: attacks.filter((i) => i.notable).length,
    recall: proportion(caught, attacks.length),
    look_alikes: alikes.length,
    look_alikes_quiet: alikes.filter((i) => i.fired.length === 0).length,
    false_per_1000_user_days: perThousand(own.reduce((sum, rule) => sum + rule.false_alerts, 0)),
  };
}

function gatesOf(rule: RuleResult): GateResult[] {
  const gates: GateResult[] = [];
  if (rule.expected > 0) {
    const { recall } = rule;
    const verdict =
      recall.low >= 0.5 ? 'pass' : (recall.high ?? 1) < 0.5 ? 'fail' : 'insufficient evidence';
    gates.push({
      subject: rule.id,
      gate: 'min_recall',
      limit: 0.5,
      estimate: recall,
      verdict,
      message:
        verdict === 'pass'
          ? `recall is at least ${Math.floor(recall.low * 100)} %`
          : `${rule.caught} of ${rule.expected} caught; about ${4 + rule.expected} more instances would settle it`,
    });
  }
  const rate = rule.false_per_1000_user_days;
  const verdict =
    rate.low > 80 ? 'fail' : (rate.high ?? 1000) > 80 ? 'insufficient evidence' : 'pass';
  gates.push({
    subject: rule.id,
    gate: 'max_false_alerts',
    limit: 80,
    estimate: rate,
    verdict,
    message:
      verdict === 'pass'
        ? 'below 80 per 1 000 users per day'
        : verdict === 'fail'
          ? `${Math.round(rate.value ?? 0)} per 1 000 users per day, at most 80 are allowed`
          : 'the interval holds 80; about 3 000 more user-days would settle it',
  });
  return gates;
}

const gates: GateResult[] = [
  {
    subject: 'all',
    gate: 'min_precision_at_base_rate',
    limit: 0.05,
    estimate: { value: 0.046, low: 0.018, high: 0.09, evidence: 9 },
    verdict: 'insufficient evidence',
    message: 'the interval holds 5 %; about 14 more instances would settle it',
  },
  ...rules.flatMap(gatesOf),
];

const notableRecall = proportion(
  instances.filter((i) => i.kind === 'attack' && i.notable).length,
  instances.filter((i) => i.kind === 'attack').length,
);
const notableFalse = perThousand(9);

/** The result of a whole run. */
export const fixtureResult: RunResult = {
  version: 1,
  partial: false,
  receipt: {
    leakdrill: '0.1.0',
    content: '3f1c9a5e7b20d4864e1f0c2b9a8d7e6f5c4b3a291807f6e5d4c3b2a190817263',
    seed: 1,
    people: 200,
    peer_groups: 8,
    history_days: 180,
    test_days: 30,
    start,
    test_start: testStart,
    base_rate: baseRate,
    user_days: userDays,
    command:
      'npm start -- drill --seed 1 --people 200 --peer-groups 8 --history 180 --days 30 --start 2024-01-01 --base-rate 0.0001',
    assumptions: [
      'Office hours with weekends; 11 external mails per person per day in the median; 1 % go to the own mailbox.',
      'File shares are used by a third of the people, most in marketing.',
    ],
  },
  counts: {
    lines: 1_204_577,
    events: 811_032,
    unparsed: 14,
    duplicates: 0,
    late: 0,
    triggers: rules.reduce((sum, rule) => sum + rule.triggers, 0),
    alerts: rules.reduce((sum, rule) => sum + rule.alerts, 0),
    sessions: 39_870,
    event_types: { 'dlp-email-alert-out': 512_004, 'web-activity-allowed': 299_028 },
    converged: {
      'EM-UD': { scopes: 198, converged: 181 },
      'EM-Bytes': { scopes: 198, converged: 170 },
    },
  },
  notable: {
    threshold: 90,
    recall: notableRecall,
    false_per_1000_user_days: notableFalse,
    precision_at_base_rate: atBaseRate(notableRecall, notableFalse),
    true_contributors: [
      { rule: 'EM-InRule-EX', points: 100, sessions: 2 },
      { rule: 'EM-InRule-Public', points: 90, sessions: 2 },
      { rule: 'EM-BSum-5MB', points: 60, sessions: 2 },
      { rule: 'EM-UD-F', points: 45, sessions: 3 },
    ],
    false_contributors: [
      { rule: 'EM-UD-F', points: 135, sessions: 9 },
      { rule: 'EM-PersonalEmail', points: 120, sessions: 6 },
      { rule: 'EM-Bytes', points: 90, sessions: 6 },
      { rule: 'EM-Attachments', points: 50, sessions: 5 },
    ],
  },
  techniques: techniques.map(techniqueResult),
  rules,
  instances,
  gates,
  verdict: gates.some((gate) => gate.verdict === 'fail') ? 'fail' : 'insufficient evidence',
  unparsed: [
    {
      reason: 'not JSON: unexpected end of input',
      text: '{"type":"MTA","data":[{"acc":"C0A0","datetime":"2024-07-16T09:1',
      count: 12,
    },
    {
      reason: 'no parser takes it',
      text: '<134>Jul 16 09:12:44 fw01 traffic: allow tcp 10.1.2.3',
      count: 2,
    },
  ],
};

const empty: Estimate = { value: null, low: 0, high: null, evidence: 0 };

/** What a run gives that had no rules and was stopped at once. */
export const emptyResult: RunResult = {
  ...fixtureResult,
  partial: true,
  counts: {
    lines: 0,
    events: 0,
    unparsed: 0,
    triggers: 0,
    alerts: 0,
    sessions: 0,
    event_types: {},
    converged: {},
  },
  notable: {
    threshold: 90,
    recall: empty,
    false_per_1000_user_days: empty,
    precision_at_base_rate: empty,
    true_contributors: [],
    false_contributors: [],
  },
  receipt: { ...fixtureResult.receipt, user_days: 0 },
  techniques: [],
  rules: [],
  instances: [],
  gates: [],
  verdict: 'insufficient evidence',
  unparsed: [],
};

const stages: Stage[] = ['plan', 'simulate', 'detect', 'label', 'measure'];

/** The events of a run up to its end, as the run tells them; the result comes last. */
export function fixtureEvents(result: RunResult = fixtureResult, steps = 100): RunEvent[] {
  const events: RunEvent[] = [];
  const catches = result.instances.filter((instance) => instance.fired.length > 0);
  let told = 0;
  for (const [k, stage] of stages.entries()) {
    events.push({ event: 'stage', stage });
    // Detection is most of the work.
    const [from, to] =
      stage === 'detect'
        ? [0.1, 0.9]
        : k < 2
          ? [k * 0.05, k * 0.05 + 0.05]
          : [0.9 + (k - 3) * 0.05, 0.95 + (k - 3) * 0.05];
    for (let step = 1; step <= (stage === 'detect' ? steps : 2); step++) {
      const part = step / (stage === 'detect' ? steps : 2);
      const seen = stage === 'detect' ? part : k < 2 ? 0 : 1;
      events.push({
        event: 'progress',
        stage,
        done: from + (to - from) * part,
        lines: Math.round(result.counts.lines * seen),
        events: Math.round(result.counts.events * seen),
        triggers: Math.round(result.counts.triggers * seen),
        lines_per_second: stage === 'detect' ? 90_000 + 20_000 * Math.sin(step / 3) : 0,
        moment: start + seen * 210 * dayMs,
      });
      if (stage === 'detect' && part > 0.5) {
        const due = Math.ceil((part - 0.5) * 2 * catches.length);
        for (; told < due; told++) {
          const instance = catches[told] as InstanceResult;
          events.push({
            event: 'caught',
            scenario: instance.scenario,
            technique: instance.technique,
            kind: instance.kind,
            rule: instance.fired[0] as string,
            moment: instance.first,
          });
        }
      }
    }
  }
  return events;
}
