import { anyOf, defineScenario, MB, nobody } from '../../define.js';

export default defineScenario({
  kind: 'look-alike',
  technique: 'T1048.003',
  title: 'A temp sends out brochures',
  story:
    'A temp is asked on the first day to send the product brochures to two interested firms. Two mails and 14 MB later the brochures are out. New account, much mail, and below the 20 MB that would be worth a question.',
  expects: ['EM-N-SUM-20'],
  cast: (candidates, casting) => anyOf(candidates, casting) ?? nobody('anybody'),
  *play(stage) {
    const temp = stage.newAccount();
    for (const [i, clock] of ['10:20', '10:45'].entries())
      yield {
        step: `sends brochures to firm ${i + 1}`,
        at: stage.at(0, clock),
        activity: stage.mail({
          from: temp,
          to: stage.strangerAt(stage.newDomain()),
          subject: 'Our product range',
          attachments: { 'Brochure.pdf': 4.8 * MB, 'Price list.pdf': 2.1 * MB },
        }),
      };
  },
});
