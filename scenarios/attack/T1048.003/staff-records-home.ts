import { anyOf, defineScenario, KB, nobody } from '../../define.js';

export default defineScenario({
  kind: 'attack',
  technique: 'T1048.003',
  title: 'Staff records mailed home',
  story:
    'Somebody with access to the personnel system mails an export of payroll and passport numbers to a private mailbox. It is one small spreadsheet under an honest subject. Size says nothing here; the words do.',
  expects: ['EM-Personal-PrivacySize', 'EM-PersonalEmail', 'EM-PublicDomain'],
  cast: (candidates, casting) =>
    anyOf(candidates, casting, (one) => /human|people|personnel/i.test(one.peer_group)) ??
    anyOf(candidates, casting) ??
    nobody('anybody'),
  *play(stage) {
    yield {
      step: 'mails the export home',
      at: stage.at(0, '12:35'),
      activity: stage.mail({
        to: stage.person.personal[0] ?? '',
        subject: 'Payroll and passport numbers, all staff',
        attachments: { 'staff_export.xlsx': 320 * KB },
      }),
    };
  },
});
