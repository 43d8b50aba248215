import { anyOf, defineScenario, MB, nobody } from '../../define.js';

export default defineScenario({
  kind: 'attack',
  technique: 'T1071.001',
  title: 'Somebody whom the gateway never had to refuse uploads 26 MB',
  story:
    'Malware runs on the machine of somebody who has not met the block page in half a year. It sends a project folder to a server abroad, in three requests that the gateway stops. A blocked upload is a leak that almost was, and a machine that is still infected.',
  expects: ['WEB-New-File-20-Block'],
  cast: (candidates, casting) =>
    anyOf(
      candidates,
      casting,
      (one) => one.hired < casting.history_start && casting.history(one).refused_requests === 0,
    ) ?? nobody('a person to whom web protection refused nothing in the whole history'),
  *play(stage) {
    const url = `http://${stage.newDomain()}/api/v1/blob`;
    const sizes = [7.4 * MB, 9.8 * MB, 9.1 * MB];
    const clocks = ['19:12', '19:14', '19:19'];
    for (const [i, uploaded] of sizes.entries())
      yield {
        step: `uploads part ${i + 1} of ${sizes.length}`,
        at: stage.at(0, clocks[i] ?? '19:30'),
        activity: stage.web({ url, category: 'Uncategorised', uploaded }),
      };
  },
});
