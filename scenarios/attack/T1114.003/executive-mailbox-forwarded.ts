import { anyOf, defineScenario, nobody } from '../../define.js';

export default defineScenario({
  kind: 'attack',
  technique: 'T1114.003',
  title: 'An executive’s mailbox forwards payments to a stranger',
  story:
    'Somebody has taken over an executive’s mailbox and wants to step into a payment. A rule copies every mail about invoices and transfers to a free mailbox and moves it out of sight. From then on the thief reads along.',
  expects: ['EM-InRule-EX', 'EM-InRule-Public', 'EM-InRule-Fin'],
  cast: (candidates, casting) =>
    anyOf(candidates, casting, (one) => one.executive) ?? nobody('an executive'),
  *play(stage) {
    yield {
      step: 'makes the forwarding rule',
      at: stage.at(0, '07:25'),
      activity: stage.inboxRule({
        name: '.',
        forward_to: [stage.outside.freemailAddress(stage.random, stage.person.country)],
        words: ['invoice', 'wire transfer', 'bank account'],
        move_to_folder: 'RSS Feeds',
        src_ip: stage.outside.ip(stage.random),
      }),
    };
  },
});
