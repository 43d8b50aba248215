import { anyOf, defineScenario, KB, nobody } from '../../define.js';

export default defineScenario({
  kind: 'look-alike',
  technique: 'T1048.003',
  title: 'The own payslip, for the landlord',
  story:
    'Somebody needs a payslip for a lease and mails it home. The subject says payroll and the mail is larger than 10 KB. The only privacy concerned is the sender’s own.',
  expects: ['EM-Personal-PrivacySize', 'EM-PersonalEmail', 'EM-PublicDomain'],
  cast: (candidates, casting) => anyOf(candidates, casting) ?? nobody('anybody'),
  *play(stage) {
    yield {
      step: 'mails the payslip home',
      at: stage.at(0, '12:25'),
      activity: stage.mail({
        to: stage.person.personal[0] ?? '',
        subject: 'Payroll: my payslip',
        attachments: { 'Payslip.pdf': 88 * KB },
      }),
    };
  },
});
