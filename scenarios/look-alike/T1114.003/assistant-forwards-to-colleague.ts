import { anyOf, defineScenario, nobody } from '../../define.js';

export default defineScenario({
  kind: 'look-alike',
  technique: 'T1114.003',
  title: 'Invoices forwarded to a colleague during leave',
  story:
    'Before a holiday somebody lets all mail about invoices be forwarded to the colleague who stands in. The rule reads like the thief’s: same words, same act. Its target is inside the company.',
  expects: ['EM-InRule-EX', 'EM-InRule-Public', 'EM-InRule-Fin'],
  cast: (candidates, casting) => anyOf(candidates, casting) ?? nobody('anybody'),
  *play(stage) {
    const deputy = stage.colleague((one) => one.peer_group === stage.person.peer_group);
    yield {
      step: 'makes the forwarding rule',
      at: stage.at(0, '16:10'),
      activity: stage.inboxRule({
        name: 'Invoices while I am away',
        forward_to: [deputy.address],
        words: ['invoice', 'payment'],
      }),
    };
  },
});
