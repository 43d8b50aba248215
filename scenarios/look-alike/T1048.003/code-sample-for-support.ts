import { defineScenario, KB, nobody, oneOfTheMost } from '../../define.js';

export default defineScenario({
  kind: 'look-alike',
  technique: 'T1048.003',
  title: 'A code sample for the vendor’s support',
  story:
    'An interface fails and the vendor’s support asks for the script that calls it. The employee mails forty lines of code and a log. Source code leaves the company, by request and to the benefit of all.',
  expects: ['EM-File', 'EM-UFEXT-A', 'EM-GFEXT-A', 'EM-OFEXT-A'],
  cast: (candidates, casting) =>
    oneOfTheMost(candidates, casting, (one) => casting.history(one).external_mails, {
      among: 20,
      least: 40,
    }) ?? nobody('a person who sent 40 external mails in the history'),
  *play(stage) {
    const ticket = stage.random.between(100_000, 999_999);
    yield {
      step: 'mails the script and a log',
      at: stage.at(0, '11:05'),
      activity: stage.mail({
        to: `support@${stage.newDomain()}`,
        subject: `RE: Ticket ${ticket}: interface returns error 504`,
        attachments: { 'call_interface.py': 3 * KB, 'interface.log': 41 * KB },
      }),
    };
  },
});
