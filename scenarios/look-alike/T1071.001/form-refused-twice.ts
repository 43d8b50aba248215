import { anyOf, defineScenario, MB, nobody } from '../../define.js';

export default defineScenario({
  kind: 'look-alike',
  technique: 'T1071.001',
  title: 'A form with a scan is refused twice',
  story:
    'Somebody who has not met the block page in half a year uploads a scanned form to a town hall’s site, which the gateway does not know. Twice 9 MB, because the first try failed. It stays below what a folder of files would come to.',
  expects: ['WEB-New-File-20-Block'],
  cast: (candidates, casting) =>
    anyOf(
      candidates,
      casting,
      (one) => one.hired < casting.history_start && casting.history(one).refused_requests === 0,
    ) ?? nobody('a person to whom web protection refused nothing in the whole history'),
  *play(stage) {
    const url = `https://forms.${stage.newDomain()}/submit`;
    for (const [i, clock] of ['12:05', '12:11'].entries())
      yield {
        step: `uploads the form, try ${i + 1}`,
        at: stage.at(0, clock),
        activity: stage.web({ url, category: 'Government', uploaded: 9 * MB }),
      };
  },
});
