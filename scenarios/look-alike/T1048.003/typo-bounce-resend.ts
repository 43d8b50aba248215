import { anyOf, BOUNCED_UNKNOWN, defineScenario, KB, nobody } from '../../define.js';

export default defineScenario({
  kind: 'look-alike',
  technique: 'T1048.003',
  title: 'A mistyped address bounces and the file is sent again',
  story:
    'Somebody mistypes a customer’s address, gets a bounce, and sends the same offer again to the right one. A file that failed and then leaves is also what a thief’s second attempt looks like. Here the two addresses differ by a letter.',
  expects: ['FEM-FU', 'FEM-UD-R'],
  cast: (candidates, casting) =>
    anyOf(candidates, casting, (one) => casting.history(one).external_mails >= 20) ??
    nobody('a person who sent 20 external mails in the history'),
  *play(stage) {
    const domain = stage.newDomain();
    const right = stage.strangerAt(domain);
    const wrong = `${right.slice(1, right.indexOf('@'))}@${domain}`;
    const number = stage.random.between(1000, 9999);
    const subject = `Offer ${number}`;
    const attachments = { [`Offer_${number}.pdf`]: 240 * KB };
    yield {
      step: 'sends the offer to a mistyped address',
      at: stage.at(0, '09:50'),
      activity: stage.mail({
        to: wrong,
        subject,
        attachments,
        outcome: BOUNCED_UNKNOWN,
      }),
    };
    yield {
      step: 'sends it again to the right one',
      at: stage.at(0, '11:15'),
      activity: stage.mail({ to: right, subject, attachments }),
    };
  },
});
