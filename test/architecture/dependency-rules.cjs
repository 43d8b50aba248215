/** Who may import whom. The picture is in README, "Architecture". */
const mayImport = {
  content: [],
  engine: ['content'],
  generators: [],
  scenarios: ['generators'],
  harness: ['content', 'engine', 'generators', 'scenarios'],
};
const folders = Object.keys(mayImport);
const any = folders.join('|');
const rule = (name, from, to) => ({ name, severity: 'error', from, to });

module.exports = {
  forbidden: [
    rule('no-cycles', {}, { circular: true }),
    rule('no-unresolved', {}, { couldNotResolve: true }),
    ...folders.map((from) =>
      rule(
        `${from}-may-import-only-${mayImport[from].join('-') || 'itself'}`,
        { path: `^${from}/` },
        {
          path: `^(${[...folders, 'test'].filter((f) => f !== from && !mayImport[from].includes(f)).join('|')})/`,
        },
      ),
    ),
    rule(
      'enter-a-folder-by-its-index',
      { path: `^(${any})/` },
      { path: `^(${any})/`, pathNot: ['^$1/', '^[^/]+/index\\.ts$'] },
    ),
    rule(
      'engine-takes-types-from-content',
      { path: '^engine/' },
      { path: '^content/', dependencyTypesNot: ['type-only'] },
    ),
    rule(
      'harness-core-has-no-face',
      { path: '^harness/', pathNot: '^harness/(cli|tui|reporters)/' },
      { path: '^harness/(cli|tui|reporters)/' },
    ),
    rule(
      'faces-see-events-and-results',
      { path: '^harness/(tui|reporters)/' },
      {
        path: '^harness/',
        pathNot: ['^harness/$1/', '^harness/(events|result\\.generated|diff|format|summary)\\.ts$'],
      },
    ),
    rule(
      'core-is-pure',
      { path: '^(engine|generators|scenarios)/' },
      { dependencyTypes: ['core'] },
    ),
    rule(
      'react-only-in-tui',
      { pathNot: '^(harness/tui|test)/' },
      { path: 'node_modules/(ink|react)' },
    ),
    rule(
      'faker-only-in-generators',
      { pathNot: '^(generators|test)/' },
      { path: 'node_modules/@faker-js' },
    ),
    rule(
      'test-tools-only-in-test',
      { pathNot: '^test/' },
      { path: 'node_modules/(vitest|ink-testing-library)' },
    ),
    rule(
      'fast-check-draws-scenarios-and-searches',
      { pathNot: '^(scenarios|harness|test)/' },
      { path: 'node_modules/fast-check' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
    },
  },
};
