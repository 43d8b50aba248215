import { defineScenario, MB, nobody, oneOfTheMost } from '../../define.js';

export default defineScenario({
  kind: 'attack',
  technique: 'T1048.003',
  title: 'Archives dripped to the own mailbox',
  story:
    'An employee of long standing collects customer files and mails them to a private mailbox, an archive a day, each larger than the last. No single recipient or file type is new. What gives it away is the size, for this person and to this kind of mailbox.',
  expects: ['EM-PersonalEmail', 'EM-PublicDomain', 'EM-BSum-5MB', 'EM-Bytes'],
  days: 4,
  cast(candidates, casting) {
    const staff = candidates.filter((one) => !one.executive && one.hired < casting.history_start);
    return (
      // EM-Bytes knows a person after 20 external mails; with 60 the threshold is steady.
      oneOfTheMost(staff, casting, (one) => casting.history(one).external_mails, {
        among: 12,
        least: 60,
      }) ?? nobody('an employee of long standing who sent about 60 external mails in the history')
    );
  },
  *play(stage) {
    const [mailbox = ''] = stage.person.personal;
    const sizes = [1.4 * MB, 3.2 * MB, 7.5 * MB, 12 * MB];
    const clocks = ['17:40', '12:20', '18:05', '17:15'];
    for (const [day, bytes] of sizes.entries())
      yield {
        step: `mails archive ${day + 1} of ${sizes.length} home`,
        at: stage.at(day, clocks[day] ?? '12:00'),
        activity: stage.mail({
          to: mailbox,
          subject: `Documents ${day + 1}`,
          attachments: { [`backup_part${day + 1}.zip`]: bytes },
        }),
      };
  },
});
