import { anyOf, defineScenario, KB, nobody } from '../../define.js';

export default defineScenario({
  kind: 'look-alike',
  technique: 'T1048.003',
  title: 'Holiday photos sent to the own mailbox',
  story:
    'Somebody shows holiday photos in the canteen and mails them home from the office computer. Six pictures, a little more than 4 MB, to the own mailbox. It looks like the drip of archives and is nothing of the kind.',
  expects: [
    'EM-PersonalEmail',
    'EM-PublicDomain',
    'EM-BSum-5MB',
    'EM-BSum-first',
    'EM-Attachments',
  ],
  cast: (candidates, casting) => anyOf(candidates, casting) ?? nobody('anybody'),
  *play(stage) {
    const first = stage.random.between(1200, 8800);
    const photos = Array.from(
      { length: 6 },
      (_, i) => [`IMG_${first + i}.jpg`, stage.random.between(640, 760) * KB] as const,
    );
    yield {
      step: 'mails six photos home',
      at: stage.at(0, '13:15'),
      activity: stage.mail({
        to: stage.person.personal[0] ?? '',
        subject: 'photos',
        attachments: Object.fromEntries(photos),
      }),
    };
  },
});
