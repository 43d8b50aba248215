/** What mails are about: subject lines from numbers. */

import { WORDS } from './names.js';
import { hashNumbers } from './random.js';

export type TopicKind = 'trade' | 'technical' | 'money' | 'people' | 'legal' | 'media' | 'everyday';

/** Parts in braces are filled in: number, product, place, week, firm, name. */
const TEMPLATES: Readonly<Record<TopicKind, readonly string[]>> = {
  trade: [
    'Quote {number} for {product}',
    'Order {number} confirmation',
    'Delivery to {place} on {weekday}',
    'Price list {product} {year}',
    'Offer {number} {firm}',
    'Shipment {number} delayed',
    'New terms for {place} warehouse',
    'Samples of {product}',
    'Call with {firm} on {weekday}',
    'Purchase order {number}',
    'Returns {number} {product}',
    'Visit to {place} in week {week}',
  ],
  technical: [
    'Ticket {number} {product} firmware',
    'Drawing {number} rev {letter}',
    'Test report {product} {number}',
    'Change request {number}',
    'Maintenance window {weekday}',
    'Access for {name} to {place} site',
    'Integration with {firm}',
    'Problem with {product} after update',
    'Specification {number} draft {letter}',
    'Release {week}.{digit} notes',
    'Prototype {product} measurements',
  ],
  money: [
    'Invoice {number}',
    'Payment advice {number}',
    'Statement of account {firm}',
    'Budget {place} {year}',
    'Reminder invoice {number} overdue',
    'Bank details {firm}',
    'Audit sample {number}',
    'Month end {place} figures',
    'Credit note {number}',
    'Travel expenses {name} week {week}',
  ],
  people: [
    'Application {name}',
    'Interview with {name} on {weekday}',
    'Contract {name}',
    'Training {product} in {place}',
    'Leave request week {week}',
    'Reference for {name}',
    'Onboarding {name} {weekday}',
    'Payroll query {number}',
    'Health insurance {name}',
  ],
  legal: [
    'NDA {firm}',
    'Agreement {number} with {firm}',
    'Comments on draft {number}',
    'Claim {number} {place}',
    'Power of attorney {firm}',
    'Settlement {number}',
    'Trademark {product} filing {number}',
    'Signature page {firm}',
  ],
  media: [
    'Artwork {product} round {digit}',
    'Campaign {place} week {week}',
    'Press release {product}',
    'Trade fair {place} stand {number}',
    'Photos {place}',
    'Brochure {product} proof {digit}',
    'Newsletter draft week {week}',
    'Banner sizes for {firm}',
    'Größenübersicht {product} für {place}',
  ],
  everyday: [
    'Question about {product}',
    'Meeting on {weekday}',
    'Lunch on {weekday}?',
    'Minutes {weekday} {number}',
    'Thank you',
    'Update',
    'Call {name} back',
    'Documents {number}',
    'Next steps {firm}',
    'Agenda week {week}',
    'Your visit to {place}',
    'Quick question',
    'Slides from {weekday}',
    'Contact details {name}',
    'Termin am {weekday} in {place}',
    'Informe semana {week} {place}',
    'Faktura {number} – dziękuję',
  ],
};

const PRODUCTS = [
  'Valve',
  'Pump',
  'Bearing',
  'Housing',
  'Sensor',
  'Gasket',
  'Bracket',
  'Cable',
  'Filter',
  'Panel',
  'Coupling',
  'Motor',
  'Switch',
  'Relay',
  'Gear',
  'Nozzle',
  'Frame',
  'Tray',
  'Rack',
  'Conveyor',
  'Controller',
  'Adapter',
  'Display',
  'Printer',
  'Scanner',
  'Labels',
  'Pallets',
  'Film',
  'Coating',
  'Resin',
];
const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday'];

type Part = { readonly text: string } | { readonly slot: string };

function parse(template: string): Part[] {
  return template
    .split(/(\{[a-z]+\})/)
    .filter((part) => part !== '')
    .map((part) => (part.startsWith('{') ? { slot: part.slice(1, -1) } : { text: part }));
}

const PARSED: ReadonlyMap<string, readonly (readonly Part[])[]> = new Map(
  Object.entries(TEMPLATES).map(([kind, list]) => [kind, list.map(parse)] as const),
);

function title(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function pick(items: readonly string[], hash: number): string {
  return items[hash % items.length] ?? '';
}

function fill(slot: string, hash: number): string {
  switch (slot) {
    case 'number':
      return String(1000 + (hash % 898_999));
    case 'digit':
      return String(1 + (hash % 9));
    case 'letter':
      return 'ABCDEFG'[hash % 7] ?? 'A';
    case 'week':
      return String(1 + (hash % 52));
    case 'year':
      return String(2022 + (hash % 3));
    case 'weekday':
      return pick(WEEKDAYS, hash);
    case 'product':
      return `${pick(WORDS.materials, hash >>> 6)} ${pick(PRODUCTS, hash)}`;
    case 'place':
      return pick(WORDS.places, hash);
    case 'firm':
      return title(pick(WORDS.surnames, hash));
    default:
      return title(pick(WORDS.firstNames, hash));
  }
}

/** The subject that two hashes stand for; a third of all subjects are of no trade in particular. */
export function topicText(hash: number, kind: TopicKind, salt: number): string {
  const templates = PARSED.get(hash % 3 === 0 ? 'everyday' : kind) ?? [];
  const template = templates[(hash >>> 3) % templates.length] ?? [];
  let text = '';
  for (let i = 0; i < template.length; i++) {
    const part = template[i] as Part;
    text += 'text' in part ? part.text : fill(part.slot, hashNumbers(hash, salt, i));
  }
  return text;
}
