/**
 * All options of all commands, with their help: one list, so that a flag means the same everywhere. Over
 * 400 lines because it is a list.
 */
export type CommandName =
  | 'drill'
  | 'replay'
  | 'emit'
  | 'score'
  | 'realism'
  | 'lint'
  | 'test'
  | 'list'
  | 'new'
  | 'docs';

export interface CommandSpec {
  readonly name: CommandName;
  /** Positional arguments as shown in the help; empty when it takes none. */
  readonly takes: string;
  readonly help: string;
  readonly more: string;
  readonly examples: readonly string[];
}

/** In the order in which the help shows them; the first is run when no command is given. */
export const commands: readonly CommandSpec[] = [
  {
    name: 'drill',
    takes: '',
    help: 'Simulate an organisation, hide attacks in its logs, run the engine, measure (default)',
    more: 'In a terminal it opens the live view; with --plain, in CI or piped it prints a report. Exit code: 0 all gates hold, 1 a gate failed, 4 not enough evidence.',
    examples: [
      'leakdrill drill --seed 7 --instances 5',
      "leakdrill drill --only 'attack/T1048.003/*' --plain",
      'leakdrill drill --scenarios ./my-scenarios --out result.json',
    ],
  },
  {
    name: 'replay',
    takes: '[FILE…]',
    help: 'Run the engine over real log files',
    more: 'FILE may be a glob, a .gz file, or - for standard input (also when no file is given). The format is found line by line. Exit code 3 when nothing could be used. With --state a log can come a day at a time, each file once and in order; a run that is stopped, or that could not read all of its input, leaves the state as it was and is to be run again.',
    examples: [
      'leakdrill replay siem.json --internal-domain corp.example',
      "leakdrill replay 'export/*.json.gz' --directory people.csv --out triggers.jsonl",
      'zcat siem.gz | leakdrill replay -',
      'leakdrill replay siem-2024-03-05.json --state corp.state --out triggers-05.jsonl',
    ],
  },
  {
    name: 'emit',
    takes: '',
    help: "Write a drill's logs, to files or to where a SIEM listens, and apart from them the truth",
    more: 'Without --out or --to the lines go to standard output. --to takes syslog+tcp://HOST:PORT, syslog+tls://HOST:PORT, syslog+udp://HOST:PORT, splunk+https://HOST:PORT and elastic+https://HOST:PORT/INDEX. The same options give the same lines with the same ids. Exit code 3 when the lines cannot be delivered, 130 when it was stopped.',
    examples: [
      'leakdrill emit --out logs.json.gz --labels labels.jsonl',
      'leakdrill emit --format v1-kv --out ./rolled --gzip --labels labels.jsonl',
      'leakdrill emit --to splunk+https://splunk.example:8088 --labels labels.jsonl',
      'leakdrill emit --to syslog+tls://siem.example --ca ca.pem --speed 60x --labels labels.jsonl',
    ],
  },
  {
    name: 'score',
    takes: '',
    help: 'Measure the alerts that a SIEM raised on emitted lines, with the same report as a drill',
    more: 'Alerts are JSON, one object a line, or CSV with a header; .gz too. Columns are guessed from their usual names or named by --map. An alert is joined to the truth by line id, else by Message-ID, else by user and time. Exit code: 0 all gates hold, 1 a gate failed, 4 not enough evidence.',
    examples: [
      'leakdrill score --alerts alerts.csv --labels labels.jsonl',
      'leakdrill score --alerts alerts.jsonl --labels labels.jsonl --map rule=search_name,user=src_user,time=_time',
      "leakdrill score --alerts alerts.csv --labels labels.jsonl --rename 'Mail to own mailbox=EM-UD-F'",
    ],
  },
  {
    name: 'realism',
    takes: '[FILE…]',
    help: 'Measure a generated organisation, or your own logs, against published mail corpora',
    more: 'Without --logs it generates an organisation at the size, span and level of mail that the corpora have. FILE is a further log after --logs. What the mails cannot tell is said to be not measurable, and why. Exit code 1 when a target is outside its band; with --logs never, since your mail may differ from the corpora for good reasons: --fit FILE makes a profile of it, which drill, emit and realism take with --profile.',
    examples: [
      'leakdrill realism --seed 7 --sources',
      'leakdrill realism --logs siem.json --directory people.csv --time-zone Europe/Berlin',
      'leakdrill realism --logs siem-*.json.gz --directory people.csv --fit corp.yaml',
      'leakdrill realism --profile corp.yaml',
    ],
  },
  {
    name: 'lint',
    takes: '',
    help: 'Check the content and show every fault in its place',
    more: 'With --scenarios it also looks for what is left to do in your own scenarios. Exit code 2 when there are errors; warnings alone give 0.',
    examples: [
      'leakdrill lint',
      'leakdrill lint --models',
      'leakdrill lint --explain expression/type',
    ],
  },
  {
    name: 'test',
    takes: '[ID…]',
    help: 'Run the own tests of rules and parsers',
    more: 'ID is the id of a rule or parser, or a pattern with *. For a failing test of a rule it prints the condition with the value of every part. Exit code 2 when a test fails.',
    examples: ['leakdrill test', "leakdrill test EM-UD-F 'WEB-*'"],
  },
  {
    name: 'list',
    takes: '[WHAT]',
    help: 'Show what the content holds',
    more: 'WHAT is rules, models, scenarios, parsers, fields, functions or event-types; without it: counts, and the rules by technique.',
    examples: ['leakdrill list', 'leakdrill list rules'],
  },
  {
    name: 'new',
    takes: 'KIND ID',
    help: 'Write the start of a rule, model, parser or scenario',
    more: 'KIND is rule, model, parser or scenario. ID is the path without ending: a rule may name its technique (T1048.003/MY-RULE), a parser its vendor (acme/acme-mail), a scenario its folder (attack/T1048.003/my-story). The file goes into the content folder, a scenario into the folder after --scenarios. Nothing is overwritten. leakdrill lint shows what is left to write.',
    examples: [
      'leakdrill new rule T1048.003/MY-RULE --content ./content',
      'leakdrill new model MY-MODEL --content ./content',
      'leakdrill new scenario attack/T1048.003/my-story --scenarios ./my-scenarios',
    ],
  },
  {
    name: 'docs',
    takes: '',
    help: 'Write pages about the content: one for each rule, and tables of all',
    more: 'Markdown, into the folder after --out: index.md, models.md, language.md and rules/ID.md. The same content gives the same pages.',
    examples: ['leakdrill docs --out ./pages', 'leakdrill docs --content ./content --out ./pages'],
  },
];

export interface OptionSpec {
  /** On the command line: --name. */
  readonly name: string;
  readonly type: 'integer' | 'number' | 'text' | 'texts' | 'path' | 'flag' | 'choice';
  readonly commands: readonly CommandName[];
  readonly help: string;
  readonly shown?: string;
  readonly default?: number | string | boolean;
  /** Where it differs by command. */
  readonly defaults?: Partial<Record<CommandName, number>>;
  readonly choices?: readonly string[];
  /** Inclusive bounds. */
  readonly min?: number;
  readonly max?: number;
  /** Makes no sense as a lasting setting: not read from environment or config file. */
  readonly flagOnly?: true;
  /** May stand without a value; that gives the empty text. */
  readonly bare?: true;
}

const everywhere: readonly CommandName[] = [
  'drill',
  'replay',
  'emit',
  'score',
  'realism',
  'lint',
  'test',
  'list',
  'new',
  'docs',
];

/**
 * Every option there is. Flags, environment variables, config keys, help texts and the reference in
 * the documentation all come from this table.
 */
const optionTable = [
  {
    name: 'seed',
    type: 'integer',
    default: 1,
    min: 0,
    max: 4_294_967_295,
    shown: 'N',
    commands: ['drill', 'emit', 'realism'],
    help: 'Everything random follows from it',
  },
  {
    name: 'org',
    type: 'path',
    shown: 'FILE',
    commands: ['drill', 'emit'],
    help: 'Your own people, JSON or CSV, in place of made-up ones',
  },
  {
    name: 'people',
    type: 'integer',
    default: 200,
    defaults: { realism: 148 },
    min: 2,
    max: 1_000_000,
    shown: 'N',
    commands: ['drill', 'emit', 'realism'],
    help: 'Size of the organisation',
  },
  {
    name: 'peer-groups',
    type: 'integer',
    default: 8,
    defaults: { realism: 12 },
    min: 1,
    max: 10_000,
    shown: 'N',
    commands: ['drill', 'emit', 'realism'],
    help: 'Number of departments',
  },
  {
    name: 'history-days',
    type: 'integer',
    default: 180,
    min: 0,
    max: 3650,
    shown: 'N',
    commands: ['drill', 'emit'],
    help: 'Days from which models learn before the test begins',
  },
  {
    name: 'test-days',
    type: 'integer',
    default: 30,
    min: 1,
    max: 3650,
    shown: 'N',
    commands: ['drill', 'emit'],
    help: 'Days under test, in which attacks and look-alikes happen',
  },
  {
    name: 'days',
    type: 'integer',
    default: 540,
    min: 28,
    max: 3650,
    shown: 'N',
    commands: ['realism'],
    help: 'Days of mail to generate',
  },
  {
    name: 'instances',
    type: 'integer',
    default: 1,
    min: 1,
    max: 10_000,
    shown: 'N',
    commands: ['drill', 'emit'],
    help: 'Instances of each scenario',
  },
  {
    name: 'base-rate',
    type: 'number',
    default: 0.0001,
    min: 1e-9,
    max: 1,
    shown: 'R',
    commands: ['drill', 'score'],
    help: 'Attacks per user per day for which precision is stated',
  },
  {
    name: 'usual-share',
    type: 'number',
    min: 0.0001,
    max: 1,
    shown: 'S',
    commands: ['drill', 'replay'],
    help: 'Lower the points of rules that fire often: one that fired in a larger share of sessions over the last 7 days scores as if it had fired in this share. Without it every rule scores what it says',
  },
  {
    name: 'mails-per-weekday',
    type: 'number',
    min: 0.1,
    max: 200,
    shown: 'N',
    commands: ['drill', 'emit', 'realism'],
    help: 'Mails that a person sends on a weekday in the mean; 9 unless a profile says otherwise, and 2.35 as in the corpora for realism',
  },
  {
    name: 'external-share',
    type: 'number',
    min: 0.01,
    max: 0.9,
    shown: 'S',
    commands: ['drill', 'emit', 'realism'],
    help: 'Mean share of them that goes outside, 0.165 unless a profile says otherwise; people differ widely',
  },
  {
    name: 'profile',
    type: 'path',
    shown: 'FILE',
    commands: ['drill', 'emit', 'realism'],
    help: 'How people behave, YAML or JSON, in place of the default; realism --fit writes one',
  },
  {
    name: 'internal-mail',
    type: 'flag',
    default: false,
    commands: ['drill', 'emit'],
    help: 'Also write the mail that stays inside',
  },
  {
    name: 'format',
    type: 'choice',
    default: 'v1-json',
    choices: ['v1-json', 'v1-kv', 'v2', 'dlp'],
    shown: 'NAME',
    commands: ['drill', 'emit'],
    help: 'How mail lines are written: SIEM feed v1 as JSON or key=value, API 2.0, or the DLP log alone',
  },
  {
    name: 'scenarios',
    type: 'path',
    shown: 'DIR',
    commands: ['drill', 'emit', 'list', 'lint', 'new'],
    help: 'Folder of your own scenarios in TypeScript, added to the built-in ones; new: where one is written',
  },
  {
    name: 'only',
    type: 'texts',
    shown: 'GLOB',
    commands: ['drill', 'emit'],
    help: 'Scenario ids to run, such as attack/T1048.003/*; repeatable',
  },
  {
    name: 'report',
    type: 'choice',
    default: 'text',
    choices: ['text', 'json', 'none'],
    shown: 'KIND',
    commands: ['drill', 'replay', 'score', 'realism'],
    help: 'What goes to standard output',
  },
  {
    name: 'workers',
    type: 'integer',
    min: 1,
    max: 64,
    shown: 'N',
    commands: ['drill'],
    help: 'Threads to use; the result is the same on any number. 1: one does all; 2 or more: one writes the lines while another reads them. Else 2 where there are two cores and the drill is not tiny',
  },
  {
    name: 'plain',
    type: 'flag',
    default: false,
    commands: ['drill'],
    help: 'No live view, even in a terminal',
  },
  {
    name: 'out',
    type: 'path',
    shown: 'FILE',
    flagOnly: true,
    commands: ['drill', 'replay', 'emit', 'score', 'docs', 'realism'],
    help: 'drill, score, realism: write the result as JSON; replay: write the triggers, one JSON object a line; emit: - for standard output, a file, or a folder (that exists or ends in /) for files as Mimecast rolls them; docs: the folder for the pages',
  },
  {
    name: 'to',
    type: 'text',
    shown: 'ADDRESS',
    flagOnly: true,
    commands: ['emit'],
    help: 'Send the lines to a SIEM instead, such as syslog+tcp://siem.example:601',
  },
  {
    name: 'labels',
    type: 'path',
    shown: 'FILE',
    flagOnly: true,
    commands: ['emit', 'score'],
    help: 'The truth about the lines: emit writes it, score reads it',
  },
  {
    name: 'gzip',
    type: 'flag',
    default: false,
    commands: ['emit'],
    help: 'Compress the files; a FILE that ends in .gz is compressed anyway',
  },
  {
    name: 'start',
    type: 'text',
    default: '2024-01-01',
    shown: 'DATE',
    commands: ['emit'],
    help: 'First day of the history, UTC',
  },
  {
    name: 'rate',
    type: 'text',
    shown: 'N/s',
    flagOnly: true,
    commands: ['emit'],
    help: 'At most so many lines a second, such as 50/s; /m and /h too',
  },
  {
    name: 'speed',
    type: 'text',
    shown: 'Nx',
    flagOnly: true,
    commands: ['emit'],
    help: 'Play the days under test so many times as fast as they were, such as 60x; the history goes out at once',
  },
  {
    name: 'from-line',
    type: 'integer',
    default: 1,
    min: 1,
    shown: 'N',
    flagOnly: true,
    commands: ['emit'],
    help: 'Go on from a line, when an earlier emit was stopped; the labels are written whole',
  },
  {
    name: 'token',
    type: 'text',
    shown: 'TEXT',
    commands: ['emit'],
    help: 'Splunk HEC token, Elasticsearch API key, or password of the user in the address; better set in the environment, where no list of programs shows it',
  },
  {
    name: 'ca',
    type: 'path',
    shown: 'FILE',
    commands: ['emit'],
    help: "Certificates of authorities that may have signed the receiver's, PEM",
  },
  {
    name: 'insecure',
    type: 'flag',
    default: false,
    commands: ['emit'],
    help: "Do not check the receiver's certificate",
  },
  {
    name: 'patience',
    type: 'text',
    default: '5m',
    shown: 'TIME',
    commands: ['emit'],
    help: 'How long to wait for a receiver that takes no lines',
  },
  {
    name: 'alerts',
    type: 'path',
    shown: 'FILE',
    flagOnly: true,
    commands: ['score'],
    help: 'Alerts that the SIEM exported',
  },
  {
    name: 'map',
    type: 'texts',
    shown: 'FIELD=COLUMN,…',
    commands: ['score'],
    help: 'Columns or keys of the alerts; fields: rule, user, time, line, message_id, session, technique, reason, score',
  },
  {
    name: 'rename',
    type: 'texts',
    shown: 'NAME=RULE',
    commands: ['score'],
    help: "A rule's name in the SIEM and its id in the content; repeatable",
  },
  {
    name: 'tolerance',
    type: 'text',
    default: '1h',
    shown: 'TIME',
    commands: ['score'],
    help: 'How far an alert that names only user and time may be from a line of the deed',
  },
  {
    name: 'directory',
    type: 'path',
    shown: 'FILE',
    commands: ['replay', 'realism'],
    help: 'People of the organisation, JSON or CSV',
  },
  {
    name: 'internal-domain',
    type: 'texts',
    shown: 'DOMAIN',
    commands: ['drill', 'replay', 'emit', 'realism'],
    help: 'Domain of the organisation; repeatable. drill, emit: with --org, else those of its addresses',
  },
  {
    name: 'logs',
    type: 'texts',
    shown: 'FILE',
    flagOnly: true,
    commands: ['realism'],
    help: 'Measure these logs instead: whatever replay reads; repeatable',
  },
  {
    name: 'time-zone',
    type: 'text',
    shown: 'ZONE',
    commands: ['realism'],
    help: 'With --logs: where people work, such as Europe/Berlin, unless the directory says it of each',
  },
  {
    name: 'fit',
    type: 'path',
    shown: 'FILE',
    flagOnly: true,
    commands: ['realism'],
    help: 'Write a profile with which the generator behaves like the measured mail; takes a minute',
  },
  {
    name: 'sources',
    type: 'flag',
    default: false,
    commands: ['realism'],
    help: 'Also show corpus, kind of band and definition of each target, and the parts of shapes',
  },
  {
    name: 'samples',
    type: 'integer',
    default: 3,
    min: 0,
    max: 5,
    shown: 'N',
    commands: ['replay'],
    help: 'Unparsed lines to show for each reason',
  },
  {
    name: 'state',
    type: 'path',
    shown: 'FILE',
    commands: ['replay'],
    help: 'Go on where the last replay with this file stopped, and keep in it where this one stops: models, open sessions, waiting messages',
  },
  {
    name: 'retrain',
    type: 'flag',
    default: false,
    flagOnly: true,
    commands: ['replay'],
    help: 'With --state: start anew, and put the new state in the place of the old one',
  },
  {
    name: 'close',
    type: 'flag',
    default: false,
    flagOnly: true,
    commands: ['replay'],
    help: 'With --state: the log ends with these files; tell waiting messages and close open sessions too',
  },
  {
    name: 'explain',
    type: 'text',
    shown: 'CODE',
    flagOnly: true,
    bare: true,
    commands: ['lint'],
    help: 'Say what a diagnostic code means and stop; without CODE, list the codes',
  },
  {
    name: 'models',
    type: 'flag',
    default: false,
    flagOnly: true,
    commands: ['lint'],
    help: 'Also show how long each model takes to converge, an estimate from traffic.yaml',
  },
  {
    name: 'content',
    type: 'path',
    shown: 'DIR',
    commands: everywhere,
    help: 'Content folder in place of the built-in one',
  },
  {
    name: 'context',
    type: 'path',
    shown: 'DIR',
    commands: everywhere,
    help: 'Folder of your own entries for the context tables',
  },
  {
    name: 'config',
    type: 'path',
    shown: 'FILE',
    flagOnly: true,
    commands: everywhere,
    help: 'Settings file; leakdrill.config.json in the current folder when there is one',
  },
  {
    name: 'color',
    type: 'flag',
    commands: everywhere,
    help: 'Colours on or off (--no-color); else when standard output is a terminal and NO_COLOR is not set',
  },
  { name: 'debug', type: 'flag', default: false, commands: everywhere, help: 'Show stack traces' },
] as const satisfies readonly OptionSpec[];

type Row = (typeof optionTable)[number];
export type OptionName = Row['name'];
type Typed<R> = R extends { type: 'integer' | 'number' }
  ? number
  : R extends { type: 'flag' }
    ? boolean
    : R extends { type: 'texts' }
      ? readonly string[]
      : R extends { type: 'choice'; choices: readonly (infer C)[] }
        ? C
        : string;
/** A value for every option; undefined where nobody set one and there is no default. */
export type Settings = {
  readonly [R in Row as R['name']]: R extends { default: unknown }
    ? Typed<R>
    : R extends { type: 'texts' }
      ? readonly string[]
      : Typed<R> | undefined;
};

export const environmentName = (option: string): string =>
  `LEAKDRILL_${option.replaceAll('-', '_').toUpperCase()}`;
export const configKey = (option: string): string => option.replaceAll('-', '_');

/** The table without its literal types. */
export const options: readonly OptionSpec[] = optionTable;
