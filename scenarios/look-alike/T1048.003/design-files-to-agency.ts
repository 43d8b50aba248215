import { defineScenario, KB, MB, nobody, oneOfTheMost } from '../../define.js';

export default defineScenario({
  kind: 'look-alike',
  technique: 'T1048.003',
  title: 'Large artwork for the agency',
  story:
    'A campaign goes to print. After three days of talk with the agency, the open artwork follows: far larger than anything this person usually mails, in a file type that few use. It is ordered, paid and on time.',
  expects: ['EM-Bytes', 'EM-UFEXT-A', 'EM-GFEXT-A', 'EM-OFEXT-A'],
  days: 4,
  cast: (candidates, casting) =>
    oneOfTheMost(candidates, casting, (one) => casting.history(one).external_mails, {
      among: 12,
      least: 60,
    }) ?? nobody('a person who sent 60 external mails in the history'),
  *play(stage) {
    const agency = stage.strangerAt(stage.newDomain());
    for (const [day, subject] of [
      'Print campaign',
      'RE: Print campaign',
      'RE: Print campaign',
    ].entries())
      yield {
        step: `talks with the agency, day ${day + 1}`,
        at: stage.at(day, '10:45'),
        innocent: true,
        activity: stage.mail({
          to: agency,
          subject,
          attachments: day === 1 ? { 'Briefing.pdf': 140 * KB } : {},
        }),
      };
    yield {
      step: 'sends the open artwork',
      at: stage.at(3, '16:30'),
      activity: stage.mail({
        to: agency,
        subject: 'Artwork, print campaign',
        attachments: { 'Poster_A1_open.psd': 18 * MB },
      }),
    };
  },
});
