import { anyOf, defineScenario, MB, nobody } from '../../define.js';

export default defineScenario({
  kind: 'attack',
  technique: 'T1048.003',
  title: 'A contractor empties the share in the first week',
  story:
    'A contractor takes the job to take the drawings. From an account made days ago more than 20 MB go to an office abroad, in one afternoon. No model knows this account and no directory lists it, so only plain sums can tell.',
  expects: ['EM-N-SUM-20'],
  days: 3,
  // The contractor is in no directory; the person cast is the one who sponsors the account.
  cast: (candidates, casting) => anyOf(candidates, casting) ?? nobody('anybody'),
  *play(stage) {
    const contractor = stage.newAccount();
    const office = stage.strangerAt(stage.newDomain());
    yield {
      step: 'says hello to the office abroad',
      at: stage.at(0, '11:10'),
      innocent: true,
      activity: stage.mail({ from: contractor, to: office, subject: 'Started today' }),
    };
    const parcels = [
      ['15:30', 'A', 8.4 * MB],
      ['16:05', 'B', 9.1 * MB],
      ['16:40', 'C', 7.7 * MB],
    ] as const;
    for (const [clock, part, bytes] of parcels)
      yield {
        step: `mails drawings ${part}`,
        at: stage.at(2, clock),
        activity: stage.mail({
          from: contractor,
          to: office,
          subject: `drawings ${part}`,
          attachments: { [`assembly_${part}.zip`]: bytes },
        }),
      };
  },
});
