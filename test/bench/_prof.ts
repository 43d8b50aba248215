import { fullPack, programOf } from './pack.js';
import { loopPass } from './passes.js';
import { World } from './world.js';
const pack = await fullPack();
const N = Number(process.argv[2] ?? 200000);
const world = new World({ users: Number(process.argv[3] ?? 50000), events: N, days: 60 });
const program = programOf([pack], world.directory);
const p = loopPass(pack, program, world);
console.log('loop', p.seconds, N / p.seconds, 'ev/s', p.triggers, p.batches.map(b=>(b.seconds/b.events*1e6).toFixed(1)).join(' '));
