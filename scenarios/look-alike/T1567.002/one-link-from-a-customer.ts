import { anyOf, defineScenario, nobody } from '../../define.js';

export default defineScenario({
  kind: 'look-alike',
  technique: 'T1567.002',
  title: 'One click on a customer’s download link',
  story:
    'A customer sends drawings through a file transfer service. The employee clicks the link, sees the block page, and asks for another way. One request, nothing uploaded.',
  expects: ['WEB-FS', 'WEB-OU-FS', 'WEB-OG-FS'],
  cast: (candidates, casting) => anyOf(candidates, casting) ?? nobody('anybody'),
  *play(stage) {
    yield {
      step: 'clicks the link',
      at: stage.at(0, '10:25'),
      activity: stage.web({
        url: `https://wetransfer.com/downloads/${stage.random.word().toString(16)}`,
        category: 'File Sharing',
      }),
    };
  },
});
