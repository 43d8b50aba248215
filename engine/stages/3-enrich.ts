/**
 * Stage 3: what follows from an event's own fields, the directory and the context tables: who the user is,
 * which recipients are outside and whose, where domains are, what files are called, and what a subject
 * says without its prefixes.
 *
 * Over 400 lines because all of these share what is remembered of people and domains.
 */

import { getDomain } from 'tldts';
import type { Directory, DirectoryPerson, Event, Fields } from '../contract.js';

/** What enrichment asks of the context tables. */
interface Tables {
  has(table: string, value: string): boolean;
  map(table: string, key: string): string | undefined;
  members(table: string): readonly string[];
}

export interface EnrichStage {
  /** Sets the enriched fields of an event; those that cannot be known stay absent. */
  enrich(event: Event): void;
  /** Sets `direction` by the internal domains where the line did not say it. For the type builder. */
  direct(fields: Fields): void;
}

/** What is known of one mail domain; the same for every mail to it. */
interface Domain {
  /** Registrable domain in punycode; the host itself where it has none. */
  readonly name: string;
  readonly isInternal: boolean;
  readonly isPublic: boolean;
  readonly isDisposable: boolean;
  readonly isCompetition: boolean;
  readonly isFileSharing: boolean;
  readonly country: string | undefined;
}

interface Person {
  readonly person: DirectoryPerson;
  readonly isExecutive: boolean;
  readonly personal: ReadonlySet<string>;
  /** Local parts that are the person's name, letters only. */
  readonly names: ReadonlySet<string>;
}

/** Domains remembered; beyond it all are looked up again. */
const MAX_DOMAINS = 200_000;
const MAX_ADDRESSES = 50_000;

export function createEnrichStage(tables: Tables, directory: Directory): EnrichStage {
  const people = new Map<string, Person>();
  for (const person of directory.people) {
    const known: Person = {
      person,
      isExecutive: person.executive === true || isExecutive(person.user),
      personal: new Set((person.personal ?? []).map((address) => address.toLowerCase())),
      names: namesOf(person.first_name, person.last_name),
    };
    people.set(person.user.toLowerCase(), known);
    for (const alias of person.aliases ?? []) people.set(alias.toLowerCase(), known);
  }
  const listed = listedDomains(tables);
  const internal = new Set([
    ...directory.internal_domains.map((domain) => domain.toLowerCase()),
    ...tables.members('internal_domains'),
  ]);
  const domains = new Map<string, Domain>();
  const domainsByAddress = new Map<string, Domain>();
  const strangers = new Map<string, ReadonlySet<string>>();
  const core = subjectReader(tables.members('external_tags'));

  function isExecutive(address: string): boolean {
    return tables.has('executives', address);
  }

  function isInternalHost(host: string): boolean {
    for (let at = 0; ; ) {
      const rest = at === 0 ? host : host.slice(at);
      if (internal.has(rest)) return true;
      const dot = host.indexOf('.', at);
      if (dot === -1) return false;
      at = dot + 1;
    }
  }

  function domainOf(written: string): Domain {
    const known = domains.get(written);
    if (known !== undefined) return known;
    if (domains.size >= MAX_DOMAINS) domains.clear();
    const host = asciiHost(written);
    const name = registrable(host);
    const lists = (listed.get(name) ?? 0) | (listed.get(host) ?? 0);
    const domain: Domain = {
      name,
      isInternal: isInternalHost(host),
      isPublic: (lists & PUBLIC) !== 0,
      isDisposable: (lists & DISPOSABLE) !== 0,
      isCompetition: (lists & COMPETITION) !== 0,
      isFileSharing: (lists & FILE_SHARING) !== 0,
      country: countryOf(name, host),
    };
    domains.set(written, domain);
    return domain;
  }

  /** By the whole address: its text knows its hash from before, and that of its host would be made anew. */
  function domainOfAddress(address: string): Domain {
    const known = domainsByAddress.get(address);
    if (known !== undefined) return known;
    if (domainsByAddress.size >= MAX_ADDRESSES) domainsByAddress.clear();
    const domain = domainOf(hostPart(address));
    domainsByAddress.set(address, domain);
    return domain;
  }

  /** Without a look at what else is known of its domain, which for most who send mail from outside nobody asks. */
  function isInside(address: string): boolean {
    return isInternalHost(asciiHost(hostPart(address)));
  }

  function countryOf(name: string, host: string): string | undefined {
    const known = tables.map('country_domains', name) ?? tables.map('country_domains', host);
    if (known !== undefined) return known.toUpperCase();
    const ending = name.slice(name.lastIndexOf('.') + 1);
    if (ending.length !== 2 || ending === name || !/^[a-z]{2}$/.test(ending)) return;
    if (tables.has('generic_cctlds', ending) || ending === 'eu') return;
    return ending === 'uk' ? 'GB' : ending.toUpperCase();
  }

  function direct(fields: Fields): void {
    const said = fields['direction'];
    if (said === 'outbound' || said === 'inbound' || said === 'internal') return;
    const sender = fields['sender'];
    const recipients = fields['recipients'];
    const sends = typeof sender === 'string' && domainOfAddress(sender).isInternal;
    let inside = 0;
    let outside = 0;
    if (Array.isArray(recipients))
      for (const address of recipients) {
        if (domainOfAddress(address).isInternal) inside++;
        else outside++;
      }
    if (sends && outside > 0) fields['direction'] = 'outbound';
    else if (sends && inside > 0) fields['direction'] = 'internal';
    else if (inside > 0) fields['direction'] = 'inbound';
    else fields['direction'] = undefined;
  }

  function enrich(event: Event): void {
    const fields = event.fields;
    const sender = fields['sender'];
    const recipients = fields['recipients'];
    const isOutbound = fields['direction'] === 'outbound';
    // Without a directory the gateway's own word tells who is inside: it said this sender's mail goes out.
    const sends =
      typeof sender === 'string' &&
      (isOutbound || fields['direction'] === 'internal' || isInside(sender));
    const home = sends ? domainOfAddress(sender) : undefined;
    const user = userOf(fields, sends ? sender : undefined);
    const known = user === undefined ? undefined : people.get(user);
    if (user !== undefined) {
      fields['user'] = known?.person.user ?? user;
      fields['is_executive'] = known?.isExecutive ?? isExecutive(user);
      if (known?.person.peer_group !== undefined) fields['peer_group'] = known.person.peer_group;
      if (known?.person.hired !== undefined) fields['hired'] = known.person.hired;
    } else fields['user'] = undefined;
    if (Array.isArray(recipients) && recipients.length > 0)
      enrichRecipients(
        fields,
        recipients,
        known,
        user,
        home !== undefined && !home.isInternal ? home.name : undefined,
      );
    const attachments = fields['attachments'];
    if (Array.isArray(attachments) && attachments.length > 0)
      enrichAttachments(fields, attachments);
    const subject = fields['subject'];
    if (typeof subject === 'string') {
      const rest = core(subject);
      if (rest !== '') fields['subject_core'] = rest;
    }
    enrichWeb(fields);
  }

  /** The account of the record, unless the record is about a mail that somebody inside sent. */
  function userOf(fields: Fields, sender: string | undefined): string | undefined {
    const said = fields['user'];
    if (typeof said === 'string' && said !== '') {
      const account = said.toLowerCase();
      if (sender === undefined || fields['url'] !== undefined || people.has(account))
        return account;
      if (domainOfAddress(account).isInternal) return account;
    }
    return sender;
  }

  function enrichRecipients(
    fields: Fields,
    recipients: readonly string[],
    known: Person | undefined,
    user: string | undefined,
    homeName: string | undefined,
  ): void {
    const external: string[] = [];
    const names: string[] = [];
    const countries: string[] = [];
    let toPublic = false;
    let toPersonal = false;
    let toDisposable = false;
    let toCompetition = false;
    // Past a few members a list is searched through a set.
    const seen = recipients.length > 16 ? new Set<string>() : undefined;
    for (const address of recipients) {
      const domain = domainOfAddress(address);
      if (domain.isInternal || domain.name === homeName) continue;
      external.push(address);
      if (seen === undefined ? !names.includes(domain.name) : !seen.has(domain.name)) {
        seen?.add(domain.name);
        names.push(domain.name);
      }
      if (domain.country !== undefined && !countries.includes(domain.country))
        countries.push(domain.country);
      toPublic ||= domain.isPublic;
      toDisposable ||= domain.isDisposable;
      toCompetition ||= domain.isCompetition;
      toPersonal ||= isOwnMailbox(address, domain, known, user);
    }
    if (external.length > 0) {
      fields['external_recipients'] = external;
      fields['external_domains'] = names;
      if (countries.length > 0) fields['countries'] = countries;
    }
    fields['to_public'] = toPublic;
    fields['to_personal'] = toPersonal;
    fields['to_disposable'] = toDisposable;
    fields['to_competition'] = toCompetition;
  }

  function isOwnMailbox(
    address: string,
    domain: Domain,
    known: Person | undefined,
    user: string | undefined,
  ): boolean {
    if (known?.personal.has(address) === true) return true;
    if (!domain.isPublic || user === undefined) return false;
    const names =
      known === undefined || known.names.size === 0 ? namesOfAddress(user) : known.names;
    if (names.size === 0) return false;
    const local = address.slice(0, address.lastIndexOf('@'));
    const plus = local.indexOf('+');
    return names.has(lettersOf(plus > 0 ? local.slice(0, plus) : local));
  }

  /** A sender that no directory knows: `first.last@` still says the name. */
  function namesOfAddress(address: string): ReadonlySet<string> {
    const known = strangers.get(address);
    if (known !== undefined) return known;
    if (strangers.size >= MAX_DOMAINS) strangers.clear();
    const parts = address.slice(0, Math.max(0, address.lastIndexOf('@'))).split(/[._-]/);
    const [first = '', last = ''] = parts;
    const names =
      parts.length === 2 && first.length > 1 && last.length > 1
        ? namesOf(first, last)
        : new Set<string>();
    strangers.set(address, names);
    return names;
  }

  function enrichWeb(fields: Fields): void {
    const host = fields['web_domain'];
    const category = fields['category'];
    if (typeof host !== 'string' && fields['url'] === undefined) return;
    const byHost = typeof host === 'string' && domainOf(host.toLowerCase()).isFileSharing;
    fields['file_sharing'] =
      byHost ||
      (typeof category === 'string' &&
        tables.has('file_sharing_categories', category.toLowerCase()));
  }

  return { enrich, direct };
}

const PUBLIC = 1;
const DISPOSABLE = 2;
const COMPETITION = 4;
const FILE_SHARING = 8;

const domainTables: readonly (readonly [table: string, bit: number])[] = [
  ['public_email_domains', PUBLIC],
  ['disposable_email_domains', DISPOSABLE],
  ['competition_domains', COMPETITION],
  ['file_sharing_domains', FILE_SHARING],
];

/** Which of the tables of domains have each domain, once for all engines of a program. */
const listedOnce = new WeakMap<Tables, ReadonlyMap<string, number>>();

function listedDomains(tables: Tables): ReadonlyMap<string, number> {
  let listed = listedOnce.get(tables);
  if (listed === undefined) {
    const made = new Map<string, number>();
    for (const [table, bit] of domainTables)
      for (const domain of tables.members(table)) made.set(domain, (made.get(domain) ?? 0) | bit);
    listed = made;
    listedOnce.set(tables, listed);
  }
  return listed;
}

function hostPart(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

const beyondAscii = /[^\u0021-\u007e]/;

function asciiHost(host: string): string {
  if (!beyondAscii.test(host)) return host;
  try {
    return new URL(`http://${host}`).hostname;
  } catch {
    return host;
  }
}

function registrable(host: string): string {
  // A host that breaks the rules of names (an underscore, a literal address) is its own domain.
  if (host.charCodeAt(0) === 91) return host;
  return getDomain(host, { validateHostname: false, extractHostname: false }) ?? host;
}

const beyondLocalPart = /[^A-Za-z0-9._+-]/;

/** Letters of a name or local part: accents folded, digits, dots and the like left out. */
function lettersOf(text: string): string {
  if (!beyondLocalPart.test(text)) return text.toLowerCase().replace(/[^a-z]+/g, '');
  return text
    .normalize('NFKD')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/ø/g, 'o')
    .replace(/æ/g, 'ae')
    .replace(/ł/g, 'l')
    .replace(/[^\p{L}]/gu, '');
}

function namesOf(first: string | undefined, last: string | undefined): ReadonlySet<string> {
  const f = lettersOf(first ?? '');
  const l = lettersOf(last ?? '');
  if (f === '' || l === '') return new Set();
  return new Set([f + l, f.charAt(0) + l, l + f]);
}

const extension = /[^.]\.([\p{L}\p{N}_~-]{1,16})$/u;

function enrichAttachments(fields: Fields, attachments: readonly string[]): void {
  const names: string[] = [];
  const extensions: string[] = [];
  const isLong = attachments.length > 16;
  const seen = isLong ? new Set<string>() : undefined;
  const seenEndings = isLong ? new Set<string>() : undefined;
  for (const attachment of attachments) {
    const name = attachment.trim().toLowerCase();
    if (name === '') continue;
    if (seen === undefined ? !names.includes(name) : !seen.has(name)) {
      seen?.add(name);
      names.push(name);
    }
    let stem = name;
    while (stem.endsWith('.')) stem = stem.slice(0, -1);
    const ending = extension.exec(stem)?.[1];
    if (ending === undefined) continue;
    if (seenEndings === undefined ? !extensions.includes(ending) : !seenEndings.has(ending)) {
      seenEndings?.add(ending);
      extensions.push(ending);
    }
  }
  if (names.length > 0) fields['file_names'] = names;
  if (extensions.length > 0) fields['file_extensions'] = extensions;
}

/**
 * Prefixes that mail programs put before the subject of an answer or of forwarded mail, in the
 * languages of their large user groups, with a counter such as `Re[2]:`.
 */
const prefix =
  /^\s*(?:re|aw|antw|sv|vs|ref|rif|res|odp|ynt|atb|bls|tr|wg|fw|fwd|rv|enc|vb|vl|pd|doorst|i|r|ilt|továbbítás|válasz|ответ|пересылка|σχετ|προωθ|回复|答复|回覆|转发|轉寄|返信|転送|회신|전달)\s*(?:[[(]\s*\d{1,3}\s*[\])])?\s*[:：]\s*/iu;
const startsLikePrefix = /^\s*[^\s:：]{1,16}\s*[:：([]/u;

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/**
 * One pattern for the tags by which gateways mark mail from outside, at the start of a subject;
 * undefined when there are none. The longest tag wins, and a colon behind it goes too.
 */
export function tagPattern(tags: readonly string[]): RegExp | undefined {
  const alternatives = [...tags]
    .filter((tag) => tag.trim() !== '')
    .sort((a, b) => b.length - a.length || (a < b ? -1 : 1))
    .map((tag) => {
      const words = tag
        .trim()
        .split(/\s+/)
        .map((word) => escaped(word));
      // A tag that ends in a letter must not be the beginning of a longer word.
      return `${words.join('\\s+')}${/[\p{L}\p{N}]$/u.test(tag.trim()) ? '(?![\\p{L}\\p{N}])' : ''}`;
    });
  return alternatives.length === 0
    ? undefined
    : new RegExp(`^\\s*(?:${alternatives.join('|')})\\s*:?\\s*`, 'iu');
}

/**
 * A function of the subject as subjectCore is. Most subjects begin with neither a prefix nor a tag,
 * which a look at their first characters tells.
 */
export function subjectReader(tags: readonly string[]): (subject: string) => string {
  const tag = tagPattern(tags);
  const beginnings = tags.map((text) => [...text.trim()][0]).filter((first) => first !== undefined);
  // By code of an ASCII character, whether a tag can begin with it, whatever its case.
  const canBegin = Array.from({ length: 128 }, (_, code) => {
    const one = new RegExp(`^${escaped(String.fromCharCode(code))}$`, 'iu');
    return beginnings.some((first) => one.test(first));
  });
  return (subject) => {
    const first = subject.charCodeAt(0);
    // What begins with white space or beyond ASCII is looked at with care.
    const isPlain = first < 128 && first > 32 && canBegin[first] !== true && subject.length <= 1000;
    const mayBegin = !isPlain || (hasColon(subject) && startsLikePrefix.test(subject));
    return mayBegin ? subjectCore(subject, tag) : folded(subject);
  };
}

/** A prefix ends in one. */
function hasColon(text: string): boolean {
  return text.includes(':') || text.includes('\uff1a');
}

const oddSpace = /\s\s|[^\S ]/;

function folded(text: string): string {
  const trimmed = text.trim();
  return (oddSpace.test(trimmed) ? trimmed.replace(/\s+/g, ' ') : trimmed).toLowerCase();
}

/**
 * The subject that stays the same when a mail is answered or passed on; empty when nothing is left.
 * `tag` is what tagPattern gives.
 */
export function subjectCore(subject: string, tag: RegExp | undefined): string {
  let rest = subject.length > 1000 ? subject.slice(0, 1000) : subject;
  for (let round = 0; round < 50; round++) {
    let shorter = startsLikePrefix.test(rest) ? rest.replace(prefix, '') : rest;
    if (tag !== undefined) shorter = shorter.replace(tag, '');
    if (shorter === rest) break;
    rest = shorter;
  }
  return folded(rest);
}
