import { parentPort, workerData } from 'node:worker_threads';
import { preparePlan } from '../drill-options.js';
import { plan } from '../stages/1-plan.js';
import { simulate } from '../stages/2-simulate.js';
import type { Label } from '../stages/4-label.js';
import type { FromSimulation, SimulationTask } from './start-simulation.js';
import { faultOf } from './worker.js';

/** Lines in one message: enough that what a message costs by itself does not count. */
const BATCH = 4096;
/** Batches that may wait for the engine, so that a quick generator does not fill the memory. */
const AHEAD = 4;

const port = parentPort;
if (port === null) throw new Error('simulation-worker.js runs in a worker thread only.');
const { options, competitors, taken } = workerData as SimulationTask;

let sent = 0;
function send(message: FromSimulation): void {
  for (let seen = Atomics.load(taken, 0); sent - seen >= AHEAD; seen = Atomics.load(taken, 0))
    Atomics.wait(taken, 0, seen);
  sent++;
  port?.postMessage(message);
}

try {
  const prepared = await preparePlan(options);
  const planned = plan({ ...prepared, competitors });
  const { lines, labels, instance_lines, moment } = simulate(planned, prepared);
  let texts: string[] = [];
  let labelled: (readonly [number, Label])[] = [];
  const flush = (): void => {
    send({ texts, labels: labelled, instance_lines: [...instance_lines], moment: moment() });
    texts = [];
    labelled = [];
  };
  for (const { id, text } of lines) {
    texts.push(text);
    const label = labels.get(id);
    if (label) labelled.push([id, label]);
    if (texts.length === BATCH) flush();
  }
  if (texts.length > 0) flush();
  port.postMessage('end' satisfies FromSimulation);
} catch (error) {
  port.postMessage({ failed: faultOf(error) } satisfies FromSimulation);
}
