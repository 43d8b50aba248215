import { anyOf, defineScenario, HELD_FOR_CONTENT, MB, nobody } from '../../define.js';

export default defineScenario({
  kind: 'attack',
  technique: 'T1048.003',
  title: 'Blocked, tried again, and out through a throw-away mailbox',
  story:
    'An employee tries to mail the customer base to a private mailbox and the gateway holds it. The same file is tried again, and at last goes to a throw-away address, where no policy looks. Each attempt alone is a nuisance; the file that failed before and then leaves is the leak.',
  expects: ['EM-BSum-5MB-Fail', 'FEM-UD-R', 'FEM-FU', 'EM-DED'],
  cast: (candidates, casting) =>
    anyOf(candidates, casting, (one) => casting.history(one).external_mails >= 20) ??
    nobody('a person who sent 20 external mails in the history'),
  *play(stage) {
    const [mailbox = ''] = stage.person.personal;
    const attachments = { 'customer_base_full.xlsx': 6.2 * MB };
    const outcome = HELD_FOR_CONTENT;
    yield {
      step: 'has the customer base held',
      at: stage.at(0, '13:05'),
      activity: stage.mail({ to: mailbox, subject: 'list', attachments, outcome }),
    };
    yield {
      step: 'has it held again',
      at: stage.at(0, '13:22'),
      activity: stage.mail({ to: mailbox, subject: 'list again', attachments, outcome }),
    };
    yield {
      step: 'gets it out to a throw-away mailbox',
      at: stage.at(0, '14:48'),
      activity: stage.mail({
        to: `${stage.person.last_name.toLowerCase().replace(/[^a-z]/g, '') || 'box'}.${stage.random.between(10, 99)}@mailinator.com`,
        subject: 'minutes',
        attachments,
      }),
    };
  },
});
