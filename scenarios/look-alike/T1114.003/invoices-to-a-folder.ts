import { anyOf, defineScenario, nobody } from '../../define.js';

export default defineScenario({
  kind: 'look-alike',
  technique: 'T1114.003',
  title: 'Invoices filed in a folder',
  story:
    'Somebody tidies up and lets mail about invoices and bank statements go to a folder of its own. It is a new mailbox rule with words from finance in it, and it forwards nothing. Rules like this are made every day.',
  expects: ['EM-InRule-EX', 'EM-InRule-Fin'],
  cast: (candidates, casting) => anyOf(candidates, casting) ?? nobody('anybody'),
  *play(stage) {
    yield {
      step: 'makes the filing rule',
      at: stage.at(0, '09:35'),
      activity: stage.inboxRule({
        name: 'Invoices',
        forward_to: [],
        words: ['invoice', 'bank statement'],
        move_to_folder: 'Invoices',
      }),
    };
  },
});
