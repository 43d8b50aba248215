import { anyOf, defineScenario, nobody } from '../../define.js';

export default defineScenario({
  kind: 'attack',
  technique: 'T1114.003',
  title: 'All mail copied to the firm on the side',
  story:
    'An employee runs a firm on the side and lets the whole mailbox be forwarded there. No words, no public provider: only a target outside the company. Every customer’s mail now arrives twice.',
  expects: ['EM-InRule-EX'],
  cast: (candidates, casting) =>
    anyOf(candidates, casting, (one) => !one.executive) ??
    nobody('an employee who is no executive'),
  *play(stage) {
    yield {
      step: 'turns on forwarding of the whole mailbox',
      at: stage.at(0, '17:35'),
      activity: stage.inboxRule({
        operation: 'Set-Mailbox',
        name: '',
        forward_to: [stage.strangerAt(stage.newDomain())],
      }),
    };
  },
});
