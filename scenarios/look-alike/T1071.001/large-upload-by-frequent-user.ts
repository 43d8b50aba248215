import { defineScenario, MB, nobody, oneOfTheMost } from '../../define.js';

export default defineScenario({
  kind: 'look-alike',
  technique: 'T1071.001',
  title: 'A large upload by somebody who meets the block page every week',
  story:
    'A designer uploads a 24 MB proof to a print shop and the gateway refuses it, as it refuses something of this person every other day. Same size, same refusal. The account has a history on the web and this is part of it.',
  expects: ['WEB-New-File-20-Block'],
  cast: (candidates, casting) =>
    oneOfTheMost(candidates, casting, (one) => casting.history(one).refused_requests, {
      among: 10,
      least: 2,
    }) ?? nobody('a person to whom web protection refused something in the history'),
  *play(stage) {
    yield {
      step: 'uploads the proof',
      at: stage.at(0, '15:20'),
      activity: stage.web({
        url: `https://www.${stage.newDomain()}/order/upload`,
        category: 'Business',
        uploaded: 24 * MB,
      }),
    };
  },
});
