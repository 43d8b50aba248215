/** What each diagnostic code means and what to do about it: one paragraph each, plain text. */
export const lintHelp: Readonly<Record<string, string>> = {
  'yaml/syntax':
    'The file is no valid YAML, so nothing in it was read. A frequent cause is a text that needs quotes: one that begins with {, [, &, *, !, > or a quote, or that holds ": " or " #". Put such texts into double quotes, or write a long expression as a block after ">-".',
  'yaml/duplicate-key':
    'The same key stands twice in one mapping. YAML would let the last one win in silence; here it is an error, because the first one is what somebody meant at some time.',
  'schema/unknown-key':
    'The schema of this kind of file knows no such key. Mistyped keys would otherwise be ignored and the rule would mean less than it says. The schemas lie in content/schema; an editor with a YAML language server completes the keys.',
  'schema/missing-key':
    'A key that this kind of file must have is missing. The schema in content/schema says what each key is for.',
  'schema/enum': 'The value is not one of those that the schema allows at this place.',
  'schema/type':
    'The value has another type than the schema asks for. Mind that YAML reads 5 as a number and true as a flag: put them into quotes where a text is wanted, and put a single value into [ ] where a list is wanted.',
  'schema/value':
    'The value has the right type but not the right form: too small, too short, the same entry twice, or not matching the pattern of the schema.',
  'content/no-folder':
    'The folder given as content (or with --context) is not there or is not a content folder. A content folder holds event-types.yaml, attack.json, gates.yaml and the folders rules, models, parsers and context.',
  'content/unreadable':
    'A file is missing, may not be read, is larger than 8 MB or is not UTF-8. Nothing in it was used.',
  'content/misplaced':
    'A file lies where it is not read. Rules lie in rules/<technique>/<id>.yaml, parsers in parsers/<vendor>/<id>.yaml, models in models/<id>.yaml, tables in context/<table>.yaml; the path is the identity, and files end in .yaml.',
  'content/unknown-table':
    'A file of a --context folder is named after no table of the pack and is no complete table by itself. To extend a table, give the file the name of that table; to add a new one, state its description, source and licence.',
  'content/unknown-field':
    'The name is no field. All fields stand in event-types.yaml under `fields`, with their types; add one there if a parser is to yield it.',
  'content/unknown-event-type':
    'The name is no event type. All event types stand in event-types.yaml under `event_types`.',
  'content/event-type-without-parser':
    'No parser yields records of the kind from which this event type is built, so there can be no such event. For a rule this means that it is dead. Add a parser, or take the event type out of the rule.',
  'content/field-without-parser':
    'The event type lists a parsed field that no parser of its kind sets. An expression that reads it never sees a value, and a comparison with an absent value is false. Let a parser set it, or take it off the list.',
  'content/missing-table':
    'Enrichment of events reads this context table by name. Without it the fields that follow from it (such as to_public) would be false for every event. An empty table (values: []) is allowed, a missing one is not.',
  'content/event-type-unreachable':
    'No event can be of this type: its condition never holds, or an event type before it in the file takes all records of the kind. Event types are tried in file order; the one without a condition comes last of its kind.',
  'content/todo':
    'The file says TODO: something that `leakdrill new` (or somebody) left to be written. Write it and take the word away. Comments count too.',
  'content/duplicate-id':
    'Two files have the same name, or two tests of one rule do. Results, gates and reports go by this name, so it must be unique.',
  'content/variants-differ':
    'Packs that are run side by side in one pass may differ in their rules only. Models, parsers, tables and event types must be the same.',
  'rule/unknown-technique':
    'The folder of the rule is no technique of attack.json. Add the technique there (id, name, tactics as in MITRE ATT&CK), or move the rule.',
  'rule/unknown-model': 'The rule reads a model that is not there. Models lie in models/<id>.yaml.',
  'rule/unknown-rule':
    'There is no rule of this name, so the dependency can never be met or the gate never be decided.',
  'rule/tests-one-sided':
    'Every rule needs a test in which it fires and one close to it in which it stays quiet: 4.99 MB next to 5.01 MB, a known domain next to a new one, a model one observation short of convergence. A test that only fires would also pass for a rule that always fires.',
  'rule/test-field':
    'A step of a test states a field that its event type does not have, or one that enrichment sets. State what a parser would yield (sender, recipients, attachments, bytes and so on); what follows from it is computed as in production.',
  'rule/test-value': 'A step of a test gives a field a value of another type than the field has.',
  'rule/test-position':
    'The test names a position beyond its events, or has no event of a type that the rule looks at, so it could not fail.',
  'rule/once-container':
    'A rule fires once per container of its events: `session` for mail, audit and sign-in events, `day` for web events. `once.per` must say which of the two it is.',
  'rule/mixed-containers':
    'The event types of the rule are gathered in different containers (user session and UTC day), so counts, sums and `once` would have no single meaning. Make two rules of it.',
  'rule/percentile-without-model':
    'A percentile says where the threshold of a model lies. The rule has no model, so the key has no effect.',
  'rule/for-each-and-model':
    "A rule with a model looks at each value of the model's feature already. `for_each` is for rules without a model.",
  'rule/for-each-not-list':
    '`for_each` names a field that is a list of texts; the rule then looks at each of its values by the name `value`.',
  'rule/field-not-of-event-type':
    'An event type of the rule does not have this field, so the rule can never fire on events of that type.',
  'rule/never-fires':
    'No event can satisfy the rule: its condition contradicts itself, or it needs a field that no parser and no enrichment sets on this event type, a model that is never trained, or a rule that is not enabled. Correct the condition, let a parser set the field, or take the event type out of `events`.',
  'rule/always-fires':
    'The condition holds whatever the event, so the rule says nothing. Usually a comparison lost its other side.',
  'rule/same-as-another':
    'Two rules look at the same events, model and values, and their conditions follow from each other, so they always fire together and count twice. Remove one, or make them differ.',
  'rule/within-another':
    'The condition of this rule implies that of a wider rule which gives at least as many points, so this one only ever adds a little to an alert that is there anyway. A narrower rule is worth having when it scores more than the wider one. Conditions are compared by their parts and by the intervals of their numbers; tables and patterns are not looked into.',
  'rule/dependency-cycle':
    'The rules depend on each other in a circle. A rule fires only after those it depends on, so none of them could ever be the first.',
  'rule/disabled-dependency':
    'The rule depends on one that is not enabled and therefore can never fire.',
  'rule/dependency-event-types':
    'A dependency must fire on the same event. The two rules have no event type in common, so that cannot happen.',
  'model/session-end':
    'A model that trains at the end of a session has session-end as its only entry in `trains_on` and names in `session_events` the event types over which its session functions run. Other models have no `session_events`.',
  'model/session-end-field':
    'At the end of a session there is no event, only what was counted. The feature and `train_if` of such a model may read session functions, `value`, `user` and `peer_group`, but not fields of an event.',
  'model/unused': 'No rule reads the model, so it only costs memory and time.',
  'model/never-trains':
    'No event can train the model: its scope or feature needs a field that no parser and no enrichment sets on the event types of `trains_on`, or `train_if` can never hold. Rules that read it never fire.',
  'model/never-converges':
    'Under the assumptions of traffic.yaml the model takes more than five years until the rules that wait for it can fire: new values come about as fast as observations (a feature such as a subject is hardly ever the same twice), the scope is too quiet, or cut_off or the asked confidence are too high. confidence_factor is ((n - num_bins) / n) ^ alpha. Take a coarser feature or a wider scope, lower alpha or cut_off, or correct traffic.yaml if your traffic is different. `leakdrill lint --models` shows the estimates.',
  'model/aging': '`aging` is a number of days or weeks, such as 30d or 16w.',
  'model/max-bins': 'The number of values kept per scope is larger than the engine can hold.',
  'model/scope': 'The scope of a model cannot depend on what another model has seen.',
  'parser/unused-field':
    'The parser sets a field that no event type built from its kind of record lists. Add it to the fields of the event type, or drop it from the parser.',
  'parser/enriched-field':
    'The parser sets a field that enrichment computes from others, and its value would be overwritten. Parsers set what stands in the log line.',
  'expression/syntax':
    'The text is no expression of CEL. Compare with == and !=, join with && and ||, negate with !, quote texts with \' or ".',
  'expression/limit':
    'The expression is too long or too deeply nested. Split the rule, or move a list of texts into a context table.',
  'expression/subset':
    'This part of CEL is not supported. Expressions are made of fields, numbers, texts, lists, comparisons, && || !, a ? b : c, the functions of the README and the macros exists, all, exists_one, filter and map.',
  'expression/constant-part':
    'This part of the condition is the same for every event, so it says nothing (or everything). Usually a number or an operator is not the one that was meant.',
  'expression/bare-number':
    'A field with a unit is compared with a number too small to be meant: 5 bytes, or 14 milliseconds. Write sizes with KB, MB, GB and lengths of time with SECOND, MINUTE, HOUR, DAY, WEEK.',
  'expression/unknown-name':
    'The name is no field of the events, no constant and no variable at this place. Model variables such as n and num_observations need a `model`; `value` needs a `model` or `for_each`.',
  'expression/unknown-function': 'There is no such function. The README lists all of them.',
  'expression/call':
    'The function takes other arguments, or it is written as a.f(b) and not as f(a, b), or the other way round.',
  'expression/type':
    'The types do not fit: numbers are compared with numbers, texts with texts, and a condition must be true or false.',
  'expression/number': 'The number cannot be held exactly as a double.',
  'expression/literal':
    'This argument must be written out as a quoted text, since tables, models, rules and patterns are resolved when content is loaded.',
  'expression/unknown-table':
    'There is no such context table. Tables lie in context/<table>.yaml or in a folder given with --context.',
  'expression/unknown-model': 'There is no such model. Models lie in models/<id>.yaml.',
  'expression/unknown-rule': 'There is no such rule. Rules lie in rules/<technique>/<id>.yaml.',
  'expression/pattern':
    'The regular expression is not valid. Patterns have RE2 syntax: no look-around and no back references, so that every pattern runs in linear time.',
  'expression/session':
    'Session functions (count, sum, sum_if, distinct_count, was_rule_fired) are not available here: there is no session yet when event types are built, nor in the scope of a model.',
  'expression/session-argument':
    'What a session function counts or adds up must be known for each event on its own: fields, constants, tables and pure functions, but no model variables and no other session functions.',
  'expression/model-kind':
    'The function asks for observations of a value, which only categorical models keep.',
  'expression/index': 'The position in a list must be a whole number that is not negative.',
  'expression/empty-list': 'An empty list has no type. Use size(x) == 0 to ask for emptiness.',
  'expression/template':
    'In `reason`, {expression} is replaced by its value. Each { needs its }; write {{ and }} for the signs themselves.',
};
