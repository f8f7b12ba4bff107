// A thread that says when arrivals are due. It holds its own event loop while it waits, so it can
// do nothing else: see open-loop.ts.
import { parentPort } from 'node:worker_threads';
import { monotonicMs, type Pace } from './monotonic.js';

/** Nobody ever changes it: waiting for it is waiting for the time to pass. */
const never = new Int32Array(new SharedArrayBuffer(4));

parentPort!.once('message', ({ startMs, intervalMs, count }: Pace) => {
  for (let index = 0; index < count; index += 1) {
    const restMs = startMs + index * intervalMs - monotonicMs();
    if (restMs > 0) Atomics.wait(never, 0, 0, restMs);
    parentPort!.postMessage(index);
  }
});
parentPort!.postMessage('ready');
