import { defineScenario, KB, nobody, oneOfTheSteadiest } from '../../define.js';

export default defineScenario({
  kind: 'attack',
  technique: 'T1048.003',
  title: 'A tender strategy sold abroad',
  story:
    'A bidder abroad pays for the strategy of a tender. It leaves as a marked document to a country that nobody here has dealings with, and a correction follows the next day. The document’s own name says what it is.',
  expects: [
    'EM-Confidential-File',
    'EM-country-F',
    'EM-Gcountry-F',
    'EM-Ucountry-F',
    'EM-country-A',
    'EM-Gcountry-A',
    'EM-Ucountry-A',
    'EM-UD-F',
    'EM-GD-F',
    'EM-OD-F',
  ],
  days: 2,
  cast: (candidates, casting) =>
    oneOfTheSteadiest(candidates, casting) ??
    nobody('a person who sent 150 external mails in the history'),
  *play(stage) {
    const ending = stage.random.pick(['kz', 'uz', 'kg', 'az', 'mn']);
    const bidder = stage.strangerAt(stage.newDomain(ending));
    yield {
      step: 'mails the marked strategy abroad',
      at: stage.at(0, '16:20'),
      activity: stage.mail({
        to: bidder,
        subject: 'Our talk',
        attachments: { 'Tender strategy - strictly confidential.docx': 510 * KB },
      }),
    };
    yield {
      step: 'mails a correction abroad',
      at: stage.at(1, '09:40'),
      activity: stage.mail({
        to: bidder,
        subject: 'Correction',
        attachments: { 'Tender strategy v2 - strictly confidential.docx': 515 * KB },
      }),
    };
  },
});
