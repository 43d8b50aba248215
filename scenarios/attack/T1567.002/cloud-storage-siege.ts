import { defineScenario, MB, nobody, oneOfTheMost } from '../../define.js';

export default defineScenario({
  kind: 'attack',
  technique: 'T1567.002',
  title: 'Every storage service tried until one opens',
  story:
    'An employee wants a project folder in the cloud and tries one storage service after the other, day after day, from the desk. The gateway refuses each. Nobody else in the company comes near that number.',
  expects: ['WEB-FS', 'WEB-OU-FS', 'WEB-OG-FS'],
  days: 5,
  cast(candidates, casting) {
    // The first of a group is worth telling only where there are others to compare with. About one
    // refused request in five is for a storage site.
    const others = (peer_group: string): number =>
      casting.organisation.people
        .filter((one) => one.peer_group === peer_group)
        .reduce((sum, one) => sum + 1 - 0.8 ** casting.history(one).refused_requests, 0);
    const known = new Map(
      casting.organisation.peer_groups.map((group) => [group, others(group)] as const),
    );
    return (
      oneOfTheMost(candidates, casting, (one) => known.get(one.peer_group) ?? 0, { among: 12 }) ??
      nobody('a peer group in which web protection refuses anything')
    );
  },
  *play(stage) {
    const services = [
      'mega.nz',
      'wetransfer.com',
      'gofile.io',
      'dropbox.com',
      'pcloud.com',
      'sendspace.com',
    ];
    const clocks = [
      '08:50',
      '09:05',
      '10:30',
      '10:40',
      '11:45',
      '12:15',
      '13:10',
      '14:05',
      '14:20',
      '15:35',
      '16:15',
      '17:20',
    ];
    for (let day = 0; day < 5; day++)
      for (const [i, clock] of clocks.entries()) {
        const service = services[(day + i) % services.length] ?? '';
        yield {
          step: `tries ${service} on day ${day + 1}`,
          at: stage.at(day, clock),
          activity: stage.web({
            url: `https://${service}/upload`,
            category: 'Cloud Storage',
            uploaded: stage.random.between(1, 9) * MB,
          }),
        };
      }
  },
});
