import { defineScenario, KB, nobody, oneOfTheMost } from '../../define.js';

export default defineScenario({
  kind: 'attack',
  technique: 'T1048.003',
  title: 'Customer lists by the dozen to a free mailbox',
  story:
    'An employee splits the customer register into many small lists and mails them to a mailbox under somebody else’s name. Every file is ordinary and the whole is small. The number of files in one mail is what this person never sends.',
  // Not EM-PublicDomain: a busy sender has mostly spent its one alert of the session by evening.
  expects: ['EM-Attachments'],
  cast: (candidates, casting) =>
    // A fifth of mails carry attachments, and the model wants 20 of those.
    oneOfTheMost(candidates, casting, (one) => casting.history(one).external_mails, {
      among: 10,
      least: 150,
    }) ?? nobody('a person who sent 150 external mails in the history'),
  *play(stage) {
    const regions = ['north', 'south', 'east', 'west', 'coast', 'capital', 'islands'];
    const lists = regions.flatMap((region) => [
      [`customers_${region}.csv`, stage.random.between(18, 60) * KB] as const,
      [`contacts_${region}.csv`, stage.random.between(12, 40) * KB] as const,
    ]);
    yield {
      step: 'mails fourteen lists in one mail',
      at: stage.at(0, '17:50'),
      activity: stage.mail({
        to: stage.outside.freemailAddress(stage.random, stage.person.country),
        subject: 'as promised',
        attachments: Object.fromEntries(lists),
      }),
    };
  },
});
