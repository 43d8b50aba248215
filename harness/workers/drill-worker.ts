import { parentPort, workerData } from 'node:worker_threads';
import type { DrillOptions } from '../drill-options.js';
import { runDrill } from './run-drill.js';
import type { FromWorker, ToWorker } from './start-drill.js';
import { faultOf } from './worker.js';

const port = parentPort;
if (port === null) throw new Error('drill-worker.js runs in a worker thread only.');
const tell = (message: FromWorker): void => port.postMessage(message);

const stop = new AbortController();
port.on('message', (message: ToWorker) => {
  if (message === 'abort') stop.abort();
});

try {
  await runDrill(workerData as DrillOptions, (event) => tell({ event }), stop.signal);
} catch (error) {
  tell({ failed: faultOf(error) });
}
port.close();
