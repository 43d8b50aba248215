import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { distance } from 'fastest-levenshtein';
import { Document, isMap, LineCounter, type Node, parseDocument, visit } from 'yaml';
import { type Profile, type ProfileChanges, profileWith } from '#generators';
import { packageRoot } from '../package-root.js';
import { UsageFault } from '../usage-fault.js';
import type { Fit } from './fit.js';

/**
 * Reads a profile from YAML or JSON; what it leaves out is as in the default profile. `shown` is
 * the file as the user named it. Throws UsageFault with file and line.
 */
export async function readProfile(path: string, shown: string): Promise<Profile> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageFault(
      `${shown}: ${code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'this is a folder' : `cannot be read (${code})`}.`,
      'leakdrill realism --fit FILE writes a profile.',
    );
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const message = fault.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '');
    throw new UsageFault(
      `${shown}:${lines.linePos(fault.pos[0]).line}: ${message}.`,
      'A profile is YAML or JSON.',
    );
  }
  // Aliases may multiply: a small file could stand for a huge one.
  const value: unknown = document.toJS({ maxAliasCount: 20 });
  if (!isMap(document.contents))
    throw new UsageFault(
      `${shown}: does not hold a profile.`,
      'It holds keys such as mails_per_weekday: 12.',
    );
  const check = checker();
  if (!check(value)) {
    const error = worst(check.errors ?? []);
    throw new UsageFault(
      `${shown}:${lineOf(document, lines, error)}: ${explain(error)}`,
      adviceFor(error),
    );
  }
  const changes = value as ProfileChanges;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const profile = profileWith({
    ...changes,
    name: changes.name ?? shown.replace(/^.*[/\\]/, '').replace(/\.(ya?ml|json)$/i, ''),
    source: `${changes.source ?? 'own numbers'} (${digest})`,
  });
  const { own_mailbox_share: own, freemail_share: freemail } = profile.mix;
  if (own >= freemail)
    throw new UsageFault(
      `${shown}: mix.own_mailbox_share ${own} is not below mix.freemail_share ${freemail}.`,
      'Own mailboxes are among those of consumer providers.',
    );
  return profile;
}

/** The text of a profile file: what was fitted, and as comments what was not. */
export function profileText({ changes, kept }: Fit): string {
  const notes = kept.map(({ parameter, reason }) => `#   ${parameter}: ${reason}\n`);
  return [
    '# A profile for leakdrill drill, emit and realism: --profile FILE.\n',
    '# Parameters of the generator, found by simulation; what is left out is as in the default profile.\n',
    ...(notes.length > 0 ? ['# The mails could not tell:\n', ...notes] : []),
    yamlText(changes),
  ].join('');
}

/** Lists on one line. */
function yamlText(value: object): string {
  const document = new Document(value);
  visit(document, {
    Seq: (_, list) => {
      list.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

let compiled: ReturnType<Ajv2020['compile']> | undefined;

function checker(): ReturnType<Ajv2020['compile']> {
  if (compiled === undefined) {
    const path = join(packageRoot, 'harness', 'realism', 'profile.schema.json');
    const schema = JSON.parse(readFileSync(path, 'utf8')) as object;
    compiled = new Ajv2020({ allErrors: true, verbose: true }).compile(schema);
  }
  return compiled;
}

/** An unknown key, or a list of nothing but zeros, says more than what follows from it. */
function worst(errors: readonly ErrorObject[]): ErrorObject {
  return (
    errors.find(({ keyword }) => keyword === 'additionalProperties' || keyword === 'contains') ??
    (errors[0] as ErrorObject)
  );
}

const pathOf = ({ instancePath }: ErrorObject): string[] =>
  instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));

function lineOf(document: Document.Parsed, lines: LineCounter, error: ErrorObject): number {
  const path = pathOf(error);
  const extra = extraKey(error);
  const holder = document.getIn(path, true) as Node | undefined;
  const key =
    extra !== undefined && isMap(holder)
      ? holder.items.find(({ key: name }) => String(name) === extra)?.key
      : undefined;
  const range = ((key ?? holder) as Node | undefined)?.range ?? document.contents?.range;
  return range ? lines.linePos(range[0]).line : 1;
}

const extraKey = ({ keyword, params }: ErrorObject): string | undefined =>
  keyword === 'additionalProperties'
    ? String((params as { additionalProperty: unknown }).additionalProperty)
    : undefined;

function explain(error: ErrorObject): string {
  const extra = extraKey(error);
  const at = pathOf(error).join('.');
  if (extra !== undefined) return `there is no parameter ${at === '' ? extra : `${at}.${extra}`}.`;
  const told =
    error.keyword === 'type' || typeof error.data === 'object'
      ? ''
      : ` ${JSON.stringify(error.data)}`;
  return `${at || 'the profile'}${told} ${(error.message ?? 'is wrong').replaceAll('"', '')}.`;
}

/** The parameter's description, or the key that was probably meant. */
function adviceFor(error: ErrorObject): string | undefined {
  const extra = extraKey(error);
  const parent = error.parentSchema as
    | { description?: string; properties?: Record<string, unknown> }
    | undefined;
  if (extra === undefined) return parent?.description;
  const keys = Object.keys(parent?.properties ?? {});
  const near = keys
    .map((key) => [key, distance(key, extra)] as const)
    .sort(([, a], [, b]) => a - b)[0];
  if (near !== undefined && near[1] <= Math.max(2, extra.length / 3))
    return `Did you mean ${near[0]}?`;
  return `Parameters here: ${keys.join(', ')}.`;
}
