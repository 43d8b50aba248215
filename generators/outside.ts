/**
 * The world outside: companies, people, subjects, files and addresses on the network. Over 400 lines
 * because of its tables.
 *
 * Names are functions of a number (and the seed), never stored: a correspondent is two integers in
 * somebody's memory, which keeps the memory of a long drill flat. Scenarios draw from here too, so
 * an attacker's drop domain looks like any other domain.
 */

import type { Attachment, Organisation, Person } from './activity.js';
import { type Department, departmentNamed } from './departments.js';
import { WORDS } from './names.js';
import { type LogNormal, profileOf } from './profile.js';
import { hashNumbers, hashText, type Random, Weighted } from './random.js';
import { topicText } from './topics.js';

/** Where a domain is registered: a generic ending or a country's. */
interface Place {
  /** ISO code; undefined for generic endings. */
  readonly country: string | undefined;
  readonly ending: string;
}

const COUNTRY_ENDINGS: Readonly<Record<string, string>> = {
  GB: 'co.uk',
  US: 'us',
  DE: 'de',
  FR: 'fr',
  NL: 'nl',
  PL: 'pl',
  ES: 'es',
  IT: 'it',
  IE: 'ie',
  CH: 'ch',
  AT: 'at',
  SE: 'se',
  DK: 'dk',
  NO: 'no',
  FI: 'fi',
  BE: 'be',
  CZ: 'cz',
  PT: 'pt',
  LU: 'lu',
  IN: 'co.in',
  CN: 'cn',
  JP: 'co.jp',
  KR: 'co.kr',
  TW: 'com.tw',
  VN: 'vn',
  SG: 'com.sg',
  HK: 'com.hk',
  AU: 'com.au',
  NZ: 'co.nz',
  CA: 'ca',
  BR: 'com.br',
  MX: 'com.mx',
  ZA: 'co.za',
  AE: 'ae',
  TR: 'com.tr',
  IL: 'co.il',
  RO: 'ro',
  HU: 'hu',
  GR: 'gr',
  UA: 'com.ua',
  AR: 'com.ar',
  CL: 'cl',
  TH: 'co.th',
  MY: 'com.my',
  ID: 'co.id',
};

const GENERIC_ENDINGS = ['com', 'net', 'org', 'eu', 'biz'];

const PLACES: readonly Place[] = [
  ...GENERIC_ENDINGS.map((ending) => ({ country: undefined, ending })),
  ...Object.entries(COUNTRY_ENDINGS).map(([country, ending]) => ({ country, ending })),
];

/** A domain's id is serial · PLACE_SLOTS + place. */
const PLACE_SLOTS = 64;

const PLACE_OF_COUNTRY = new Map(PLACES.map((place, i) => [place.country, i] as const));

/** How many firms of a country use a generic ending. */
const GENERIC_SHARE: Readonly<Record<string, number>> = {
  US: 0.985,
  GB: 0.6,
  DE: 0.4,
  PL: 0.4,
  ES: 0.55,
  IN: 0.75,
};

const GENERIC = new Weighted<number>([
  [0, 82],
  [1, 7],
  [2, 7],
  [3, 2],
  [4, 2],
]);

const WORLD = new Weighted<string>([
  ...Object.keys(COUNTRY_ENDINGS).map((country, i) => [country, 1 / (i + 12)] as const),
]);

const TRADES = [
  'logistics',
  'systems',
  'partners',
  'consulting',
  'group',
  'solutions',
  'industries',
  'law',
  'media',
  'foods',
  'energy',
  'labs',
  'works',
  'trading',
  'capital',
  'services',
  'supply',
  'tech',
  'software',
  'packaging',
  'steel',
  'print',
  'design',
  'legal',
  'audit',
  'insurance',
  'travel',
  'freight',
  'tools',
  'automotive',
  'chem',
  'medical',
  'pharma',
  'plastics',
  'electric',
  'build',
  'facility',
  'events',
  'training',
  'recruiting',
  'analytics',
  'networks',
  'security',
  'telecom',
  'textiles',
  'marine',
];

/** Consumer mail providers with their weights, by the country of those who use them. */
const FREEMAIL: Readonly<Record<string, readonly (readonly [string, number])[]>> = {
  GB: [
    ['gmail.com', 44],
    ['hotmail.com', 11],
    ['hotmail.co.uk', 9],
    ['yahoo.co.uk', 8],
    ['outlook.com', 9],
    ['icloud.com', 6],
    ['btinternet.com', 5],
    ['yahoo.com', 3],
    ['live.co.uk', 2],
    ['aol.com', 2],
    ['sky.com', 1],
    ['talktalk.net', 1],
    ['ntlworld.com', 0.7],
    ['me.com', 0.7],
    ['protonmail.com', 0.6],
  ],
  US: [
    ['gmail.com', 52],
    ['yahoo.com', 15],
    ['hotmail.com', 7],
    ['aol.com', 6],
    ['icloud.com', 6],
    ['outlook.com', 5],
    ['comcast.net', 4],
    ['msn.com', 2],
    ['verizon.net', 1.2],
    ['att.net', 1],
    ['sbcglobal.net', 1],
    ['protonmail.com', 0.8],
    ['earthlink.net', 0.6],
    ['cox.net', 0.6],
    ['me.com', 0.6],
  ],
  DE: [
    ['gmx.de', 22],
    ['web.de', 22],
    ['gmail.com', 24],
    ['t-online.de', 12],
    ['outlook.com', 4],
    ['gmx.net', 5],
    ['hotmail.com', 3],
    ['freenet.de', 3],
    ['icloud.com', 3],
    ['yahoo.de', 2],
    ['googlemail.com', 1.5],
    ['outlook.de', 1],
    ['posteo.de', 0.8],
    ['mail.de', 0.5],
    ['arcor.de', 0.7],
  ],
  PL: [
    ['gmail.com', 40],
    ['wp.pl', 20],
    ['onet.pl', 12],
    ['interia.pl', 8],
    ['o2.pl', 8],
    ['op.pl', 4],
    ['poczta.onet.pl', 3],
    ['outlook.com', 3],
    ['yahoo.com', 1],
    ['icloud.com', 1],
  ],
  ES: [
    ['gmail.com', 52],
    ['hotmail.com', 20],
    ['yahoo.es', 9],
    ['outlook.es', 6],
    ['telefonica.net', 3],
    ['icloud.com', 3],
    ['outlook.com', 3],
    ['terra.es', 2],
    ['orange.es', 1],
  ],
  IN: [
    ['gmail.com', 70],
    ['yahoo.co.in', 9],
    ['rediffmail.com', 6],
    ['outlook.com', 5],
    ['yahoo.com', 4],
    ['hotmail.com', 3],
    ['icloud.com', 2],
  ],
};

const FREEMAIL_WORLD: readonly (readonly [string, number])[] = [
  ['gmail.com', 30],
  ['hotmail.com', 8],
  ['yahoo.com', 8],
  ['outlook.com', 6],
  ['yahoo.fr', 3],
  ['orange.fr', 3],
  ['libero.it', 3],
  ['hotmail.fr', 2],
  ['free.fr', 2],
  ['laposte.net', 2],
  ['gmx.at', 2],
  ['bluewin.ch', 2],
  ['live.nl', 2],
  ['ziggo.nl', 2],
  ['163.com', 2],
  ['qq.com', 2],
  ['seznam.cz', 2],
  ['gmx.com', 1],
  ['mail.com', 1],
  ['zoho.com', 1],
  ['proton.me', 1],
  ['fastmail.com', 1],
  ['naver.com', 1],
  ['yahoo.co.jp', 1],
  ['uol.com.br', 1],
  ['tiscali.it', 1],
  ['virgilio.it', 1],
  ['abv.bg', 1],
  ['yandex.ru', 1],
];

const FREEMAIL_CHOICE = new Map(
  Object.entries(FREEMAIL).map(([country, list]) => [country, new Weighted(list)] as const),
);
const FREEMAIL_ABROAD = new Weighted(FREEMAIL_WORLD);
const FREEMAIL_DOMAINS: readonly string[] = [
  ...new Set([...Object.values(FREEMAIL).flat(), ...FREEMAIL_WORLD].map(([domain]) => domain)),
];
const FREEMAIL_INDEX = new Map(FREEMAIL_DOMAINS.map((domain, i) => [domain, i] as const));

const COMMON_EXTENSIONS: readonly (readonly [string, number])[] = [
  ['pdf', 0.33],
  ['docx', 0.225],
  ['xlsx', 0.2],
  ['jpg', 0.06],
  ['pptx', 0.045],
  ['png', 0.045],
  ['doc', 0.018],
  ['xls', 0.016],
  ['zip', 0.012],
  ['ics', 0.008],
  ['csv', 0.008],
  ['msg', 0.006],
  ['txt', 0.005],
  ['htm', 0.003],
  ['rtf', 0.003],
  ['xlsm', 0.004],
  ['eml', 0.002],
  ['xml', 0.002],
  ['ppt', 0.002],
  ['vcf', 0.002],
  ['mp4', 0.002],
  ['heic', 0.002],
  ['gif', 0.001],
  ['html', 0.001],
];

/** Kinds of file that are larger or smaller than others, as a factor. */
const EXTENSION_SIZE: Readonly<Record<string, number>> = {
  mp4: 18,
  psd: 8,
  ai: 4,
  indd: 6,
  step: 3,
  dwg: 2,
  zip: 3,
  pptx: 3.5,
  ppt: 3,
  jpg: 2.2,
  heic: 2.2,
  ics: 0.01,
  vcf: 0.01,
  txt: 0.03,
  csv: 0.15,
  htm: 0.1,
  html: 0.1,
  py: 0.02,
  c: 0.03,
  sql: 0.05,
  ps1: 0.02,
  json: 0.1,
  xml: 0.1,
  tex: 0.1,
  log: 0.5,
  rtf: 0.3,
  docx: 0.6,
  xlsx: 0.7,
  ipynb: 0.3,
};

const LARGEST_FILE = 48_000_000;

const FIRST_OCTETS = [
  23, 31, 34, 37, 40, 45, 46, 51, 52, 54, 62, 77, 80, 81, 82, 84, 85, 86, 87, 88, 89, 91, 92, 93,
  94, 95, 104, 109, 129, 130, 137, 141, 146, 151, 157, 167, 168, 178, 185, 188, 193, 194, 195, 212,
  213, 217,
];

const AGENTS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.2 Safari/605.1.15',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:121.0) Gecko/20100101 Firefox/121.0',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36',
];

function at<T>(items: readonly T[], hash: number): T {
  return items[hash % items.length] as T;
}

/** A stable public-looking IPv4 address for a text such as a domain. */
export function addressOnNetwork(text: string, salt = 0): string {
  const h = hashText(text, salt);
  const octet = at(FIRST_OCTETS, h >>> 24);
  return `${octet}.${(h >>> 16) & 255}.${(h >>> 8) & 255}.${1 + ((h & 255) % 254)}`;
}

/** What {@link outsideWorld} offers. Every draw takes the caller's stream. */
export class OutsideWorld {
  private readonly seed: number;
  private readonly files: LogNormal;
  private readonly bodies: LogNormal;
  private readonly extensions = new Map<string, Weighted<string>>();

  constructor(organisation: Organisation) {
    this.seed = hashNumbers(0x77a1, organisation.seed);
    const profile = profileOf(organisation);
    this.files = profile.attachments;
    this.bodies = profile.bodies;
  }

  /** A business domain that nobody is likely to have met, in a country (ISO code) or anywhere. */
  newDomain(random: Random, country?: string): string {
    return this.domainName(this.newDomainId(random, country));
  }

  /** Id of such a domain, for memories that keep integers. */
  newDomainId(random: Random, country?: string): number {
    const serial = random.int(33_000_000);
    return serial * PLACE_SLOTS + this.place(random, country ?? WORLD.draw(random));
  }

  private place(random: Random, country: string): number {
    return random.chance(GENERIC_SHARE[country] ?? 0.3)
      ? GENERIC.draw(random)
      : (PLACE_OF_COUNTRY.get(country) ?? 0);
  }

  /** Country of a domain's ending; undefined for .com and the like. */
  countryOf(domain: number): string | undefined {
    return PLACES[domain % PLACE_SLOTS]?.country;
  }

  domainName(domain: number): string {
    if (domain < 0) return FREEMAIL_DOMAINS[-1 - domain] as string;
    const h = hashNumbers(this.seed, domain, 1);
    const g = hashNumbers(this.seed, domain, 2);
    const ending = PLACES[domain % PLACE_SLOTS]?.ending ?? 'com';
    const dash = (g & 3) === 0 ? '-' : '';
    const kind = g >>> 28;
    let base: string;
    if (kind < 5) base = `${at(WORDS.surnames, h)}${dash}${at(TRADES, g >>> 4)}`;
    else if (kind < 9) base = `${at(WORDS.nouns, h)}${dash}${at(TRADES, g >>> 4)}`;
    else if (kind < 12) base = `${at(WORDS.adjectives, h)}${dash}${at(WORDS.nouns, g >>> 4)}`;
    else if (kind < 14) base = `${at(WORDS.cities, h)}${dash}${at(TRADES, g >>> 4)}`;
    else base = `${at(WORDS.surnames, h)}-${at(WORDS.surnames, g >>> 4)}`;
    return `${base}.${ending}`;
  }

  /** Id of a consumer mail provider, as used in a country; ids of providers are negative. */
  freemailId(random: Random, country: string | undefined): number {
    const choice = random.chance(0.97) ? FREEMAIL_CHOICE.get(country ?? 'US') : undefined;
    return -1 - (FREEMAIL_INDEX.get((choice ?? FREEMAIL_ABROAD).draw(random)) ?? 0);
  }

  /** The n-th contact at a domain by its address. */
  contactAddress(domain: number, contact: number): string {
    return this.addressAt(this.domainName(domain), domain, contact);
  }

  private addressAt(name: string, domain: number, contact: number): string {
    const h = hashNumbers(this.seed ^ 0x3c6e, domain, contact);
    const first = at(WORDS.firstNames, h & 0xffff);
    const last = at(WORDS.surnames, (h >>> 8) & 0xffff);
    if (domain < 0) {
      const number = h % 3 === 0 ? String((h >>> 5) % 100) : '';
      const dot = (h & 8) === 0 ? '.' : '';
      return (h & 48) === 0
        ? `${first[0]}${last}${number}@${name}`
        : `${first}${dot}${last}${number}@${name}`;
    }
    if (contact === 0 && (h & 3) === 0) {
      return `${at(['info', 'office', 'sales', 'orders', 'accounts', 'support', 'service', 'contact'], h >>> 4)}@${name}`;
    }
    switch (hashNumbers(this.seed ^ 0x51, domain) % 5) {
      case 0:
        return `${first[0]}${last}@${name}`;
      case 1:
        return `${first}@${name}`;
      case 2:
        return `${last}@${name}`;
      default:
        return `${first}.${last}@${name}`;
    }
  }

  /** Sending domain of the n-th newsletter or notification service. */
  letterDomain(letter: number): string {
    return this.domainName((33_000_000 + letter) * PLACE_SLOTS);
  }

  /** Somebody's address at a domain given by name. */
  address(random: Random, domain: string): string {
    const provider = FREEMAIL_INDEX.get(domain);
    const id = provider === undefined ? hashText(domain, this.seed) : -1 - provider;
    return this.addressAt(domain, id, 1 + random.int(1_000_000));
  }

  /** An address at a consumer mail provider, as used in a country. */
  freemailAddress(random: Random, country?: string): string {
    return this.contactAddress(this.freemailId(random, country), random.int(1_000_000_000));
  }

  /** A subject as this person would write it, without reply or forward prefix. */
  subject(random: Random, person: Person): string {
    return this.topicSubject(random.int(0x7fffffff), departmentNamed(person.peer_group));
  }

  /** The subject of a conversation, by its number. */
  topicSubject(topic: number, department: Department): string {
    return topicText(hashNumbers(this.seed ^ 0x70, topic), department.topics, topic);
  }

  /** A file as a person of this peer group would send. */
  attachment(random: Random, peer_group: string, extension?: string): Attachment {
    const department = departmentNamed(peer_group);
    const ending = extension ?? this.extensionsOf(department).draw(random);
    let bytes =
      random.lognormal(this.files.mu - 0.06, this.files.sigma) *
      department.attachment_size ** 0.5 *
      (EXTENSION_SIZE[ending] ?? 1);
    // Beyond the log-normal body: a power law, for design files and videos.
    if (random.chance(0.012)) bytes = Math.max(bytes, random.pareto(4_000_000, 1.5));
    return {
      name: this.fileName(random, department, ending),
      bytes: Math.max(180, Math.min(LARGEST_FILE, Math.round(bytes))),
    };
  }

  /** Size of a mail's text. */
  bodyBytes(random: Random): number {
    return Math.max(
      300,
      Math.min(2_000_000, Math.round(random.lognormal(this.bodies.mu, this.bodies.sigma))),
    );
  }

  /** A public-looking IPv4 address. */
  ip(random: Random): string {
    return addressOnNetwork('', random.word());
  }

  /** The address that a person's requests come from on the inside. */
  workstation(person: Person): string {
    const n = person.index;
    return `10.${20 + (n >>> 16)}.${(n >>> 8) & 255}.${1 + (n & 255)}`;
  }

  /** The public address behind which a person's office reaches the network. */
  officeAddress(person: Person): string {
    return addressOnNetwork(`office ${person.country ?? ''}`, this.seed);
  }

  /** The public address of a person's home. */
  homeAddress(person: Person): string {
    return addressOnNetwork(`home ${person.index}`, this.seed);
  }

  /** The public address from which a person reaches the network in a country abroad. */
  hotelAddress(person: Person, country: string): string {
    return addressOnNetwork(`hotel ${country} ${person.index}`, this.seed);
  }

  /** Size of a web request that uploads nothing. */
  requestBytes(random: Random): number {
    return random.int(900);
  }

  /** Size of the page that says that a request was refused. */
  blockPageBytes(random: Random): number {
    return 400 + random.int(2600);
  }

  userAgent(person: Person): string {
    return at(AGENTS, hashNumbers(this.seed, person.index, 7));
  }

  private extensionsOf(department: Department): Weighted<string> {
    let choice = this.extensions.get(department.name);
    if (choice === undefined) {
      choice = new Weighted([...COMMON_EXTENSIONS, ...department.extensions]);
      this.extensions.set(department.name, choice);
    }
    return choice;
  }

  private fileName(random: Random, department: Department, extension: string): string {
    const number = random.between(1000, 99_999);
    switch (extension) {
      case 'jpg':
      case 'heic':
        return `IMG_${random.between(1000, 9999)}.${extension}`;
      case 'mp4':
        return `clip_${number}.mp4`;
      case 'ics':
        return 'invite.ics';
      case 'png':
        return random.chance(0.5) ? `Screenshot ${number}.png` : `figure-${number}.png`;
      case 'log':
        return `trace-${number}.log`;
      default:
        break;
    }
    const topic = topicText(random.word(), department.topics, random.word()).replace(
      /[^\p{L}\p{N} -]/gu,
      '',
    );
    const words = topic.split(/ +/).slice(0, 5);
    const gap = random.pick(['_', ' ', '-', ' ']);
    const tail = random.pick([
      '',
      '',
      '',
      `${gap}v${random.between(1, 6)}`,
      `${gap}final`,
      `${gap}signed`,
    ]);
    // Some firms mark nearly everything; most files bear no mark. An assumption.
    const mark = random.chance(0.004) ? `${gap}confidential` : '';
    return `${words.join(gap)}${mark}${tail}.${extension}`;
  }
}

/** The world as this organisation's background meets it. Draws are pure in the caller's stream. */
export function outsideWorld(organisation: Organisation): OutsideWorld {
  return new OutsideWorld(organisation);
}
