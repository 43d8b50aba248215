import { defineScenario, KB, nobody, oneOfTheSteadiest } from '../../define.js';

export default defineScenario({
  kind: 'look-alike',
  technique: 'T1048.003',
  title: 'A new supplier is taken on',
  story:
    'A buyer writes to a supplier whom nobody here has dealt with, and sends the usual forms and an order over the next days. Each mail looks like first contact with an unknown domain. It is how business grows.',
  expects: ['EM-UD-F', 'EM-GD-F', 'EM-OD-F', 'EM-UD-A', 'EM-GD-A', 'EM-OD-A'],
  days: 3,
  cast: (candidates, casting) =>
    oneOfTheSteadiest(candidates, casting, { among: 6 }) ??
    nobody('a person who sent 150 external mails in the history'),
  *play(stage) {
    const supplier = stage.strangerAt(stage.newDomain());
    const number = stage.random.between(10_000, 99_999);
    yield {
      step: 'asks the supplier for an offer',
      at: stage.at(0, '10:05'),
      activity: stage.mail({ to: supplier, subject: `Enquiry ${number}` }),
    };
    yield {
      step: 'sends the supplier forms',
      at: stage.at(1, '11:20'),
      activity: stage.mail({
        to: supplier,
        subject: `RE: Enquiry ${number}`,
        attachments: { 'Supplier self-assessment.pdf': 280 * KB, 'Code of conduct.pdf': 190 * KB },
      }),
    };
    yield {
      step: 'places the first order',
      at: stage.at(2, '14:40'),
      activity: stage.mail({
        to: supplier,
        subject: `Order for enquiry ${number}`,
        attachments: { [`Order ${number}.pdf`]: 95 * KB },
      }),
    };
  },
});
