import { fullPack, programOf } from './pack.js';
import { createLoop, fullSink } from './passes.js';
import { World } from './world.js';
import { cpuSeconds, collectGarbage } from './measure.js';
const pack = await fullPack();
const N = Number(process.argv[2] ?? 200000);
const world = new World({ users: Number(process.argv[3] ?? 2000), events: N, days: 60 });
const events = [...world.events(pack)].flat();
const program = programOf([pack], world.directory);
for (let r = 0; r < 3; r++) {
  collectGarbage();
  const seen = { triggers: 0, sessions: 0 };
  const loop = createLoop(program, fullSink(seen));
  const t = cpuSeconds(), w = performance.now();
  for (const e of events) loop.process(e);
  loop.finish();
  const s = cpuSeconds() - t;
  console.log('cpu', s.toFixed(2), 'wall', ((performance.now() - w)/1000).toFixed(2), (N / s).toFixed(0), 'ev/s', seen);
}
