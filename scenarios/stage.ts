import type {
  Activity,
  MailOutcome,
  Organisation,
  OutsideWorld,
  Person,
  Random,
} from '#generators';

/** Half-open stretch of time, ms since 1970 UTC. */
export interface Window {
  readonly start: number;
  readonly end: number;
}

type WithoutTime<T> = T extends { readonly time: number } ? Omit<T, 'time'> : never;

/** What somebody does; the step says when. */
export type Deed = WithoutTime<Activity>;

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const KB = 1024;
export const MB = 1024 * KB;

type Of<Kind extends Deed['kind']> = Extract<Deed, { readonly kind: Kind }>;

export interface MailParts {
  readonly to: string | readonly string[];
  readonly subject: string;
  /** Name → bytes, in order. */
  readonly attachments?: Readonly<Record<string, number>>;
  /** Size of the text; a usual one when absent. */
  readonly body_bytes?: number;
  /** The playing person when absent. */
  readonly from?: string;
  /** Delivered when absent. */
  readonly outcome?: MailOutcome;
}

export interface WebParts {
  /** The playing person's account when absent. */
  readonly user?: string;
  readonly url: string;
  readonly category: string;
  readonly uploaded?: number;
  /** The size of a block page when absent. */
  readonly downloaded?: number;
  /** POST when something is uploaded, else GET. */
  readonly method?: Of<'web'>['method'];
}

export interface InboxRuleParts {
  readonly forward_to: readonly string[];
  readonly name: string;
  /** Words that the rule looks for in subject or body. */
  readonly words?: readonly string[];
  readonly operation?: Of<'inbox-rule'>['operation'];
  readonly move_to_folder?: string;
  /** The office's address when absent. */
  readonly src_ip?: string;
}

/** The gateway keeps the mail back for what is in it, and nobody releases it. */
export const HELD_FOR_CONTENT: MailOutcome = {
  kind: 'held',
  reason: 'Ctnt',
  policy: 'Data Leak Prevention - Credit Cards',
  release_after: undefined,
};

/** The recipient's server does not know the address. */
export const BOUNCED_UNKNOWN: MailOutcome = {
  kind: 'bounced',
  type: 'Recipient email address is possibly incorrect',
  code: '550',
  detail: '5.1.1 The email account that you tried to reach does not exist',
};

/** What a story has to work with. */
export interface Stage {
  readonly person: Person;
  readonly organisation: Organisation;
  /** Companies, mail providers and web sites that everybody deals with. */
  readonly outside: OutsideWorld;
  readonly random: Random;
  /** Days under test. */
  readonly window: Window;
  /** Domains that the content lists as competitors. */
  readonly competitors: readonly string[];
  /**
   * Moment on a working day of the story: day 0 is its first, the next working day is 1. `clock`
   * is the person's own, `09:30`; some seconds are added so that no two stories share a second.
   */
  at(day: number, clock: string): number;
  /** Mail out of the company, or within it when all recipients are inside. */
  mail(parts: MailParts): Of<'mail'>;
  /** A request that web protection refuses. */
  web(parts: WebParts): Of<'web'>;
  inboxRule(parts: InboxRuleParts): Of<'inbox-rule'>;
  /**
   * A business domain that nobody of the organisation has met, under a generic ending or the
   * given one, such as `kz`.
   */
  newDomain(ending?: string): string;
  /** Somebody's address at a domain. */
  strangerAt(domain: string): string;
  /** An address inside that nobody has had before: a contractor's, a machine's. In no directory. */
  newAccount(): string;
  /** Somebody else who works on the story's first day; the nearest fit when `fits` finds nobody. */
  colleague(fits?: (person: Person) => boolean): Person;
}

export interface StageSetting {
  readonly person: Person;
  readonly organisation: Organisation;
  readonly outside: OutsideWorld;
  readonly random: Random;
  readonly window: Window;
  readonly competitors: readonly string[];
  /** Local working days that the story may use, in order: start of the day, ms since 1970 UTC. */
  readonly workdays: readonly number[];
}

export function createStage(setting: StageSetting): Stage {
  const { person, organisation, outside, random, workdays } = setting;

  function at(day: number, clock: string): number {
    const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(clock) ?? [];
    if (hours === undefined || minutes === undefined || Number(hours) > 23 || Number(minutes) > 59)
      throw new RangeError(`at(${day}, '${clock}'): the clock must read like 09:30`);
    const start = workdays[day];
    if (start === undefined)
      throw new RangeError(
        `at(${day}, '${clock}'): the story has ${workdays.length} working days, 0 to ${workdays.length - 1}; give it more with days`,
      );
    return start + Number(hours) * HOUR + Number(minutes) * MINUTE + random.int(MINUTE);
  }

  function isInside(address: string): boolean {
    return organisation.domains.includes(address.slice(address.lastIndexOf('@') + 1));
  }

  return {
    person,
    organisation,
    outside,
    random,
    window: setting.window,
    competitors: setting.competitors,
    at,
    mail({ to, subject, attachments = {}, body_bytes, from = person.address, outcome }) {
      const recipients = typeof to === 'string' ? [to] : [...to];
      return {
        kind: 'mail',
        direction: recipients.every(isInside) ? 'internal' : 'outbound',
        sender: from,
        recipients,
        subject,
        body_bytes: body_bytes ?? outside.bodyBytes(random),
        attachments: Object.entries(attachments).map(([name, bytes]) => ({
          name,
          bytes: Math.round(bytes),
        })),
        outcome: outcome ?? { kind: 'delivered' },
      };
    },
    web({ url, category, user = person.address, uploaded = 0, downloaded, method }) {
      return {
        kind: 'web',
        user,
        url,
        method: method ?? (uploaded > 0 ? 'POST' : 'GET'),
        category,
        bytes_uploaded: Math.round(uploaded > 0 ? uploaded : outside.requestBytes(random)),
        bytes_downloaded: downloaded ?? outside.blockPageBytes(random),
        src_ip: outside.workstation(person),
        user_agent: outside.userAgent(person),
      };
    },
    inboxRule({
      forward_to,
      name,
      words = [],
      operation = 'New-InboxRule',
      move_to_folder,
      src_ip,
    }) {
      return {
        kind: 'inbox-rule',
        user: person.address,
        operation,
        rule_name: name,
        forward_to: [...forward_to],
        move_to_folder,
        words: [...words],
        src_ip: src_ip ?? outside.officeAddress(person),
      };
    },
    newDomain(ending = random.pick(['com', 'com', 'com', 'net'])) {
      const [name] = outside.newDomain(random, 'US').split('.');
      return `${name}.${ending}`;
    },
    strangerAt(domain) {
      return outside.address(random, domain);
    },
    newAccount() {
      const [domain = ''] = organisation.domains;
      const taken = new Set(organisation.people.flatMap((one) => [one.address, ...one.aliases]));
      for (;;) {
        const address = `ext.${outside.address(random, domain)}`;
        if (!taken.has(address)) return address;
      }
    },
    colleague(fits = () => true) {
      const first = workdays[0] ?? setting.window.start;
      const present = organisation.people.filter(
        (one) =>
          one.index !== person.index &&
          one.hired <= first &&
          (one.left === undefined || one.left >= first + 14 * DAY),
      );
      const fitting = present.filter(fits);
      const choice = fitting.length > 0 ? fitting : present;
      if (choice.length === 0) throw new RangeError('colleague(): nobody else works here');
      return random.pick(choice);
    },
  };
}
