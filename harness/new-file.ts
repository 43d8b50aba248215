import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { builtInContent, packageRoot } from './package-root.js';
import { UsageFault } from './usage-fault.js';

export const newKinds = ['rule', 'model', 'parser', 'scenario'] as const;
export type NewKind = (typeof newKinds)[number];

export interface NewFileRequest {
  readonly kind: NewKind;
  /** As typed: the id, with the folder before it where its kind has folders. */
  readonly id: string;
  /** Content folder, absolute. */
  readonly content: string;
  /** Folder of scenarios, absolute. */
  readonly scenarios: string;
  /** From where the commands of `next` are run. */
  readonly cwd: string;
}

export interface NewFile {
  /** Absolute. */
  readonly path: string;
  /** What to do with it, in order; one command or sentence each. */
  readonly next: readonly string[];
}

const TECHNIQUE = /^T\d{4}(?:\.\d{3})?$/;

interface IdForm {
  readonly pattern: RegExp;
  readonly words: string;
}

const upper: IdForm = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9_-]{1,63}$/,
  words: 'letters, digits, - and _, from 2 to 64 of them',
};
const lower: IdForm = {
  pattern: /^[a-z0-9]+(?:-[a-z0-9]+)*$/,
  words: 'lower case letters and digits, joined by hyphens',
};

/**
 * Writes the start of a file in its place. Throws UsageFault when the id cannot be one, when the
 * folder is not what it should be, and when there is such a thing already.
 */
export function writeNewFile(request: NewFileRequest): NewFile {
  const { file, values, next } = planners[request.kind](request);
  if (existsSync(file))
    throw new UsageFault(`${file} is there already.`, 'Choose another id, or remove the file.');
  const template = readFileSync(join(packageRoot, 'harness', 'templates', templates[request.kind]));
  const text = template
    .toString('utf8')
    .replace(/\{\{([a-z]+)\}\}/g, (whole, name: string) => values[name] ?? whole);
  mkdirSync(dirname(file), { recursive: true });
  // Not even a file that came into being just now is overwritten.
  writeFileSync(file, text, { flag: 'wx' });
  return { path: file, next };
}

const templates: Readonly<Record<NewKind, string>> = {
  rule: 'rule.yaml.template',
  model: 'model.yaml.template',
  parser: 'parser.yaml.template',
  scenario: 'scenario.ts.template',
};

interface Plan {
  readonly file: string;
  readonly values: Readonly<Record<string, string>>;
  readonly next: readonly string[];
}

const planners: Readonly<Record<NewKind, (request: NewFileRequest) => Plan>> = {
  rule: planRule,
  model: planModel,
  parser: planParser,
  scenario: planScenario,
};

function planRule({ id: given, content, cwd }: NewFileRequest): Plan {
  checkContent(content);
  const { folder, name: id } = split(given, 'rule', 1);
  checkId('rule', id, upper, 'MY-RULE');
  const known = Object.keys(
    JSON.parse(readFileSync(join(content, 'attack.json'), 'utf8')) as Record<string, unknown>,
  );
  const technique = folder ?? mostUsed(join(content, 'rules')) ?? known[0] ?? 'T1048.003';
  if (!TECHNIQUE.test(technique))
    throw new UsageFault(
      `${technique} is no technique.`,
      `Write one of ATT&CK before the id, as in T1048.003/${id}.`,
    );
  if (!known.includes(technique))
    throw new UsageFault(
      `The technique ${technique} is not in attack.json.`,
      `Add it there, or take one of ${known.join(', ')}.`,
    );
  refuseDouble(join(content, 'rules'), id, 'rule');
  const file = join(content, 'rules', technique, `${id}.yaml`);
  return {
    file,
    values: { id, schema: schemaPath(content, file, 'rule') },
    next: [
      ...(folder === undefined ? [`It lies under ${technique}; move it to change that.`] : []),
      ...contentSteps(content, cwd),
      `leakdrill test ${id}${contentFlag(content, cwd)}`,
    ],
  };
}

function planModel({ id, content, cwd }: NewFileRequest): Plan {
  checkContent(content);
  checkId('model', id, upper, 'MY-MODEL');
  const file = join(content, 'models', `${id}.yaml`);
  return {
    file,
    values: { id, schema: schemaPath(content, file, 'model') },
    next: [
      ...contentSteps(content, cwd),
      `leakdrill lint --models${contentFlag(content, cwd)}`,
      `A rule reads it with \`model: ${id}\`.`,
    ],
  };
}

function planParser({ id: given, content, cwd }: NewFileRequest): Plan {
  checkContent(content);
  const { folder: vendor = 'own', name: id } = split(given, 'parser', 1);
  checkId('parser', id, lower, 'acme-mail');
  checkId('vendor', vendor, lower, 'acme');
  refuseDouble(join(content, 'parsers'), id, 'parser');
  const file = join(content, 'parsers', vendor, `${id}.yaml`);
  return {
    file,
    values: { id, schema: schemaPath(content, file, 'parser') },
    next: [
      'Put a line of yours under `tests`, with the names in it changed.',
      ...contentSteps(content, cwd),
      `leakdrill test ${id}${contentFlag(content, cwd)}`,
    ],
  };
}

function planScenario({ id: given, scenarios, cwd }: NewFileRequest): Plan {
  const parts = given.split('/');
  const name = parts.pop() ?? '';
  const [kind = 'attack', technique = 'T1048.003'] = parts;
  if (parts.length === 1 || parts.length > 2 || (kind !== 'attack' && kind !== 'look-alike'))
    throw new UsageFault(
      `${given} is no scenario's id.`,
      'Write attack/TECHNIQUE/NAME or look-alike/TECHNIQUE/NAME, as in attack/T1048.003/my-story.',
    );
  if (!TECHNIQUE.test(technique))
    throw new UsageFault(
      `${technique} is no technique.`,
      `Write one of ATT&CK, as in ${kind}/T1048.003/${name}.`,
    );
  checkId('scenario', name, lower, 'my-story');
  const file = join(scenarios, kind, technique, `${name}.ts`);
  const folder = relative(cwd, scenarios) || '.';
  const attack = kind === 'attack';
  return {
    file,
    values: {
      name,
      kind,
      technique,
      verdict: attack ? 'is a leak' : 'is none although it looks like one',
      tempts: attack ? 'should fire' : 'it tempts',
    },
    next: [
      `leakdrill lint --scenarios ${folder}`,
      `leakdrill drill --plain --scenarios ${folder} --only ${kind}/${technique}/${name}`,
    ],
  };
}

function checkContent(content: string): void {
  if (existsSync(join(content, 'event-types.yaml')) && existsSync(join(content, 'attack.json')))
    return;
  throw new UsageFault(
    `${content} is no content folder.`,
    `Start with a copy of the built-in one: cp -r ${builtInContent} ${content}`,
  );
}

function checkId(what: string, id: string, { pattern, words }: IdForm, example: string): void {
  if (!pattern.test(id))
    throw new UsageFault(
      `'${id}' cannot be the id of a ${what}.`,
      `It is made of ${words}: ${example}.`,
    );
}

function split(given: string, what: string, most: number): { folder?: string; name: string } {
  const parts = given.split('/');
  const name = parts.pop() ?? '';
  if (parts.length > most)
    throw new UsageFault(
      `${given} is no ${what}'s id.`,
      `It is one name, or a folder and a name with / between them.`,
    );
  const [folder] = parts;
  return { name, ...(folder !== undefined && { folder }) };
}

/** Ids are unique over all folders of a kind. */
function refuseDouble(root: string, id: string, what: string): void {
  const other = foldersOf(root).find((folder) => existsSync(join(root, folder, `${id}.yaml`)));
  if (other !== undefined)
    throw new UsageFault(
      `There is a ${what} ${id} already, in ${join(root, other)}.`,
      'Ids are unique over all folders; choose another.',
    );
}

function mostUsed(root: string): string | undefined {
  const counted = foldersOf(root).map(
    (folder) => [folder, readdirSync(join(root, folder)).length] as const,
  );
  return counted.sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0]?.[0];
}

function foldersOf(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
}

/** From the file to the schema: the content folder's own, else the built-in one. */
function schemaPath(content: string, file: string, schema: NewKind): string {
  const name = `${schema}.schema.json`;
  const own = join(content, 'schema', name);
  const path = existsSync(own) ? own : join(builtInContent, 'schema', name);
  return relative(dirname(file), path).split(sep).join('/');
}

const contentFlag = (content: string, cwd: string): string =>
  resolve(content) === builtInContent ? '' : ` --content ${relative(cwd, content) || '.'}`;

const contentSteps = (content: string, cwd: string): readonly string[] => [
  `leakdrill lint${contentFlag(content, cwd)}`,
];
