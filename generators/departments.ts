/** Departments and their habits: what a peer group sends, to where, and how outward it faces. */

export interface Department {
  readonly name: string;
  /** Relative size. */
  readonly size: number;
  /** How much of the mail goes outside compared with the others, 0 to 1. */
  readonly outgoing: number;
  /** Extensions on top of the common mix, with weights relative to the common mix's sum of 1. */
  readonly extensions: readonly (readonly [extension: string, weight: number])[];
  /** What subjects are about, chosen among the topics of outside.ts. */
  readonly topics: 'trade' | 'technical' | 'money' | 'people' | 'legal' | 'media';
  /** Countries that this department deals with besides its own offices'. */
  readonly countries: readonly string[];
  /** Rises at the end of a quarter by this factor. */
  readonly quarter_end: number;
  /** Factor on attachment sizes. */
  readonly attachment_size: number;
  /** Name before the @ of the mailbox that its members share, where they do. */
  readonly mailbox?: string;
}

const DEPARTMENTS: readonly Department[] = [
  {
    name: 'Sales',
    size: 20,
    mailbox: 'sales',
    outgoing: 1,
    extensions: [],
    topics: 'trade',
    countries: ['FR', 'NL', 'IE', 'SE', 'AE'],
    quarter_end: 1.7,
    attachment_size: 1,
  },
  {
    name: 'Engineering',
    size: 19,
    outgoing: 0.35,
    extensions: [
      ['dwg', 0.08],
      ['step', 0.05],
      ['zip', 0.04],
      ['py', 0.006],
      ['c', 0.004],
    ],
    topics: 'technical',
    countries: ['DE', 'JP', 'CZ'],
    quarter_end: 1,
    attachment_size: 1.8,
  },
  {
    name: 'Operations',
    size: 17,
    mailbox: 'dispatch',
    outgoing: 0.5,
    extensions: [['csv', 0.05]],
    topics: 'trade',
    countries: ['CN', 'NL', 'TR'],
    quarter_end: 1.15,
    attachment_size: 1,
  },
  {
    name: 'Finance',
    size: 10,
    mailbox: 'invoices',
    outgoing: 0.45,
    extensions: [
      ['xlsx', 0.4],
      ['csv', 0.06],
    ],
    topics: 'money',
    countries: ['CH', 'LU', 'IE'],
    quarter_end: 2,
    attachment_size: 0.9,
  },
  {
    name: 'Information Technology',
    size: 9,
    mailbox: 'helpdesk',
    outgoing: 0.35,
    extensions: [
      ['log', 0.06],
      ['json', 0.03],
      ['zip', 0.06],
      ['ps1', 0.01],
      ['sql', 0.008],
      ['xml', 0.02],
    ],
    topics: 'technical',
    countries: ['IN', 'IE'],
    quarter_end: 1,
    attachment_size: 1,
  },
  {
    name: 'Marketing',
    size: 8,
    mailbox: 'press',
    outgoing: 0.75,
    extensions: [
      ['psd', 0.04],
      ['ai', 0.03],
      ['mp4', 0.04],
      ['png', 0.12],
    ],
    topics: 'media',
    countries: ['FR', 'IT', 'ES'],
    quarter_end: 1,
    attachment_size: 2.2,
  },
  {
    name: 'Human Resources',
    size: 6,
    mailbox: 'jobs',
    outgoing: 0.6,
    extensions: [],
    topics: 'people',
    countries: ['PL', 'PT'],
    quarter_end: 1,
    attachment_size: 0.7,
  },
  {
    name: 'Legal',
    size: 5,
    outgoing: 0.7,
    extensions: [['rtf', 0.01]],
    topics: 'legal',
    countries: ['BE', 'CH', 'FR'],
    quarter_end: 1.2,
    attachment_size: 1,
  },
  {
    name: 'Customer Support',
    size: 12,
    mailbox: 'support',
    outgoing: 0.95,
    extensions: [
      ['log', 0.03],
      ['png', 0.15],
    ],
    topics: 'technical',
    countries: ['IE', 'CA', 'AU'],
    quarter_end: 1,
    attachment_size: 0.8,
  },
  {
    name: 'Procurement',
    size: 6,
    mailbox: 'purchasing',
    outgoing: 0.9,
    extensions: [],
    topics: 'trade',
    countries: ['CN', 'TW', 'IT', 'VN'],
    quarter_end: 1.3,
    attachment_size: 1,
  },
  {
    name: 'Research',
    size: 8,
    outgoing: 0.45,
    extensions: [
      ['tex', 0.01],
      ['zip', 0.04],
      ['ipynb', 0.004],
    ],
    topics: 'technical',
    countries: ['CH', 'SE', 'JP', 'KR'],
    quarter_end: 1,
    attachment_size: 1.5,
  },
  {
    name: 'Design',
    size: 5,
    outgoing: 0.6,
    extensions: [
      ['psd', 0.1],
      ['ai', 0.08],
      ['indd', 0.04],
      ['png', 0.15],
    ],
    topics: 'media',
    countries: ['DK', 'IT', 'NL'],
    quarter_end: 1,
    attachment_size: 3,
  },
];

const REGIONS = ['North', 'South', 'West', 'East'];

/** The i-th department; after the twelve kinds they repeat by region. */
export function departmentFor(i: number): Department {
  const kind = DEPARTMENTS[i % DEPARTMENTS.length] as Department;
  const round = Math.floor(i / DEPARTMENTS.length);
  if (round === 0) return kind;
  const region = REGIONS[(round - 1) % REGIONS.length] as string;
  const lap = Math.floor((round - 1) / REGIONS.length);
  return { ...kind, name: `${kind.name} ${region}${lap === 0 ? '' : ` ${lap + 1}`}` };
}

/** Words by which other organisations call these departments; the first that fits counts. */
const OTHER_NAMES: readonly (readonly [words: RegExp, name: string])[] = [
  [/\b(help ?desk|service|support|care|kundendienst)\b/i, 'Customer Support'],
  [/\b(sales|account|business development|vertrieb|ventas|handel)\b/i, 'Sales'],
  [/\b(procurement|purchasing|sourcing|buying|einkauf|compras)\b/i, 'Procurement'],
  [
    /\b(finance|accounting|accounts|controlling|treasury|tax|audit|finanzen|buchhaltung)\b/i,
    'Finance',
  ],
  [/\b(legal|compliance|counsel|recht)\b/i, 'Legal'],
  [/\b(hr|people|human resources|personal|personnel|recruiting|talent)\b/i, 'Human Resources'],
  [/\b(marketing|communications?|press|pr|brand)\b/i, 'Marketing'],
  [/\b(design|creative|ux|studio)\b/i, 'Design'],
  [/\b(research|r ?& ?d|science|laborator(y|ies)|forschung)\b/i, 'Research'],
  [/\b(it|ict|information technology|infrastructure|security|devops)\b/i, 'Information Technology'],
  [/\b(engineering|development|software|technology|construction|entwicklung)\b/i, 'Engineering'],
];

const CACHE = new Map<string, Department>();

/**
 * Habits of a peer group by name, also by a name that other organisations use. One that says
 * nothing to us behaves like Operations.
 */
export function departmentNamed(name: string): Department {
  let department = CACHE.get(name);
  if (department === undefined) {
    const plain = name.replace(/ (North|South|West|East)( \d+)?$/, '');
    const base = DEPARTMENTS.some((d) => d.name === plain)
      ? plain
      : OTHER_NAMES.find(([words]) => words.test(name))?.[1];
    const kind = DEPARTMENTS.find((d) => d.name === base) ?? (DEPARTMENTS[2] as Department);
    department = { ...kind, name };
    if (CACHE.size > 5000) CACHE.clear();
    CACHE.set(name, department);
  }
  return department;
}
