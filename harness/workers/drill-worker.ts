import { parentPort, workerData } from 'node:worker_threads';
import { type DrillOptions, prepareDrill } from '../drill-options.js';
import { run } from '../run.js';
import type { FromWorker, ToWorker } from './start-drill.js';

const port = parentPort;
if (port === null) throw new Error('drill-worker.js runs in a worker thread only.');
const tell = (message: FromWorker): void => port.postMessage(message);

const stop = new AbortController();
port.on('message', (message: ToWorker) => {
  if (message === 'abort') stop.abort();
});

try {
  const options = await prepareDrill(workerData as DrillOptions);
  await run(options, (event) => tell({ event }), stop.signal);
} catch (error) {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const { advice } = error as { advice?: string };
  tell({ failed: { name, message, stack: stack ?? message, advice } });
}
port.close();
