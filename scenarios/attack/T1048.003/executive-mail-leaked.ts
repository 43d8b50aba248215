import { anyOf, defineScenario, KB, nobody } from '../../define.js';

export default defineScenario({
  kind: 'attack',
  technique: 'T1048.003',
  title: 'An executive’s mail leaked to public mailboxes',
  story:
    'An executive tells an adviser and a few people about an acquisition. One of them forwards the mail home that evening, and the next day to an acquaintance at a free mail provider. The mail is short and carries no marker; only its subject ties it to the executive.',
  expects: ['EM-EXEC-Personal', 'EM-EXEC-Public', 'EM-PersonalEmail', 'EM-PublicDomain'],
  days: 2,
  cast: (candidates, casting) =>
    anyOf(
      candidates,
      casting,
      (one) => !one.executive && casting.history(one).external_mails >= 20,
    ) ?? nobody('an employee who is no executive and sent 20 external mails in the history'),
  *play(stage) {
    const { person, random } = stage;
    const executive = stage.colleague((one) => one.executive);
    const other = stage.colleague((one) => !one.executive);
    const bird = random.pick(['Heron', 'Kestrel', 'Plover', 'Dunlin', 'Avocet']);
    const subject = `Project ${bird} offer price and timetable`;
    yield {
      step: 'the executive tells the adviser and a few people',
      at: stage.at(0, '10:15'),
      innocent: true,
      activity: stage.mail({
        from: executive.address,
        // The adviser makes the mail leave, so that it is logged even where internal mail is not.
        to: [stage.strangerAt(stage.newDomain()), person.address, other.address],
        subject,
        attachments: { [`Project ${bird} board paper.pdf`]: 420 * KB },
      }),
    };
    yield {
      step: 'forwards the mail home',
      at: stage.at(0, '18:35'),
      activity: stage.mail({
        to: person.personal[0] ?? '',
        subject: `FW: ${subject}`,
        attachments: { [`Project ${bird} board paper.pdf`]: 420 * KB },
      }),
    };
    yield {
      step: 'forwards the mail to an acquaintance',
      at: stage.at(1, '12:10'),
      activity: stage.mail({
        to: stage.outside.freemailAddress(random, person.country),
        subject: `FW: ${subject}`,
        attachments: { [`Project ${bird} board paper.pdf`]: 420 * KB },
      }),
    };
  },
});
