import { defineScenario, fileTypeRepeats, KB, nobody, oneOfTheSteadiest } from '../../define.js';

export default defineScenario({
  kind: 'attack',
  technique: 'T1048.003',
  title: 'Source code handed to a competitor',
  story:
    'Before changing sides, an employee with a circle of steady partners mails source code to a contact at a competitor, and again the day after. Nobody in the company has written to that domain before. The files are small: it is who and what, not how much.',
  expects: [
    'EM-Competition',
    'EM-File',
    'EM-UD-F',
    'EM-GD-F',
    'EM-OD-F',
    'EM-UD-A',
    'EM-GD-A',
    'EM-OD-A',
    'EM-UFEXT-A',
    'EM-GFEXT-A',
    'EM-OFEXT-A',
  ],
  days: 2,
  cast(candidates, casting) {
    if (casting.competitors.length === 0) return nobody('the content lists no competitor');
    // Kinds of file have to be known too, for a new one to show.
    const steady = candidates.filter((one) => fileTypeRepeats(casting.history(one)) >= 0.82);
    return (
      oneOfTheSteadiest(steady, casting) ??
      oneOfTheSteadiest(candidates, casting) ??
      nobody('a person who sent 150 external mails in the history')
    );
  },
  *play(stage) {
    const contact = stage.strangerAt(stage.random.pick(stage.competitors));
    yield {
      step: 'mails the first modules to the competitor',
      at: stage.at(0, '11:35'),
      activity: stage.mail({
        to: contact,
        subject: 'As discussed on the phone',
        attachments: { 'PricingEngine.java': 148 * KB, 'rate_tables.py': 61 * KB },
      }),
    };
    yield {
      step: 'mails the rest to the competitor',
      at: stage.at(1, '10:50'),
      activity: stage.mail({
        to: contact,
        subject: 'The rest',
        attachments: { 'QuoteOptimizer.java': 204 * KB, 'migrate.sql': 37 * KB },
      }),
    };
  },
});
