import { anyOf, defineScenario, MB, nobody } from '../../define.js';

export default defineScenario({
  kind: 'look-alike',
  technique: 'T1567.002',
  title: 'Many uploads to an advertising portal',
  story:
    'A campaign is loaded into an advertising portal, file by file, and a fault in the gateway’s policy refuses every one. Dozens of blocked uploads of one person in two days. The portal belongs to a business partner and stores nothing for anybody else.',
  expects: ['WEB-FS', 'WEB-OU-FS', 'WEB-OG-FS'],
  days: 2,
  cast: (candidates, casting) =>
    anyOf(candidates, casting, (one) => /marketing/i.test(one.peer_group)) ??
    anyOf(candidates, casting) ??
    nobody('anybody'),
  *play(stage) {
    const portal = stage.newDomain();
    for (const day of [0, 1])
      for (let i = 0; i < 12; i++)
        yield {
          step: `uploads banner ${day * 12 + i + 1}`,
          at: stage.at(day, `14:${String(2 + 4 * i).padStart(2, '0')}`),
          activity: stage.web({
            url: `https://ads.${portal}/creatives`,
            category: 'Advertisements',
            uploaded: 0.8 * MB,
          }),
        };
  },
});
