import { anyOf, defineScenario, KB, nobody } from '../../define.js';

export default defineScenario({
  kind: 'look-alike',
  technique: 'T1048.003',
  title: 'An executive sends a paper home to read',
  story:
    'An executive asks a colleague and a consultant for comments on a paper and, before the weekend, mails it to the own mailbox to read on the train. Same subject, public mailbox, executive’s mail: the pattern of a leak. It breaks a house rule at most.',
  expects: ['EM-EXEC-Personal', 'EM-EXEC-Public', 'EM-PersonalEmail', 'EM-PublicDomain'],
  cast: (candidates, casting) =>
    anyOf(candidates, casting, (one) => one.executive) ?? nobody('an executive'),
  *play(stage) {
    const { person } = stage;
    const colleague = stage.colleague((one) => one.peer_group === person.peer_group);
    const subject = `Comments on the draft plan for ${person.peer_group}`;
    yield {
      step: 'asks for comments',
      at: stage.at(0, '10:30'),
      innocent: true,
      activity: stage.mail({
        to: [stage.strangerAt(stage.newDomain()), colleague.address],
        subject,
        attachments: { 'Draft plan.docx': 160 * KB },
      }),
    };
    yield {
      step: 'mails the paper home',
      at: stage.at(0, '16:55'),
      activity: stage.mail({
        to: person.personal[0] ?? '',
        subject: `FW: ${subject}`,
        attachments: { 'Draft plan.docx': 160 * KB },
      }),
    };
  },
});
