import { defineScenario, MB, nobody, oneOfTheMost } from '../../define.js';

export default defineScenario({
  kind: 'attack',
  technique: 'T1048.003',
  title: 'First parcel home by somebody who never mails out',
  story:
    'Somebody whose work is all inside the company sends price calculations to a private mailbox, in two mails of an afternoon. Together they stay below the 5 MB that everybody knows about. The only trace is that this person never did so before.',
  expects: ['EM-BSum-first', 'EM-PersonalEmail', 'EM-PublicDomain'],
  cast(candidates, casting) {
    const fitting = candidates.filter(
      (one) =>
        !one.executive &&
        one.hired < casting.history_start &&
        casting.history(one).own_mailbox_mails === 0,
    );
    return (
      // The quietest of them will not do it by chance just before, either.
      oneOfTheMost(fitting, casting, (one) => 1 / (1 + casting.history(one).external_mails), {
        among: 10,
      }) ?? nobody('an employee who mailed nothing home in the whole history')
    );
  },
  *play(stage) {
    const [mailbox = ''] = stage.person.personal;
    yield {
      step: 'mails the first calculation home',
      at: stage.at(0, '15:10'),
      activity: stage.mail({
        to: mailbox,
        subject: 'for the weekend',
        attachments: { 'Price calculation 2024.xlsx': 1.6 * MB },
      }),
    };
    yield {
      step: 'mails the second calculation home',
      at: stage.at(0, '15:25'),
      activity: stage.mail({
        to: mailbox,
        subject: 'for the weekend (2)',
        attachments: { 'Margins by customer.xlsx': 1.9 * MB },
      }),
    };
  },
});
