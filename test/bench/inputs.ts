import { copyRows } from './copy-rows.js';
import { userId, type Dataset } from './dataset.js';
import type { Part } from './options.js';
import { BATCH_SIZE, type Plan } from './plan.js';
import { batchRequests, singleRequests, streamRequest } from './requests.js';
import type { SingleTarget } from './single-rounds.js';
import type { Stand } from './stand.js';

/** All that is sent, made before any clock starts; each round sends the same. */
export interface Inputs {
  batches: Buffer[];
  /** The same, asking for the receipts of rejected events alone: there are none. */
  briefBatches: Buffer[];
  batchRows: Buffer[];
  stream: Buffer[];
  streamRows: Buffer[];
  subject: SingleTarget;
  noop: SingleTarget;
  orm: SingleTarget;
}

/** How many events the data set needs. */
export function eventsNeeded(plan: Plan): number {
  return Math.max(plan.batchEvents, plan.streamEvents, plan.singleRequests);
}

/** @param parts that will be measured: the others get nothing */
export function createInputs(
  dataset: Dataset,
  plan: Plan,
  stand: Stand,
  parts: readonly Part[],
): Inputs {
  const { batchEvents, streamEvents } = plan;
  const { numbers, subject, noop, orm } = stand;
  const batch = parts.includes('batch') ? batchEvents : 0;
  const stream = parts.includes('stream') ? streamEvents : 0;
  const single = parts.includes('single') || parts.includes('latency') ? plan.singleRequests : 0;
  const requests = singleRequests(dataset, single, userId);
  const bySeq = singleRequests(dataset, single, (index) => String(numbers.userSeqs[index]));
  return {
    batches: batchRequests(dataset, batch, BATCH_SIZE),
    briefBatches: batchRequests(dataset, batch, BATCH_SIZE, '?receipts=rejected'),
    batchRows: copyRows(dataset, batch, numbers),
    stream: streamRequest(dataset, stream),
    streamRows: copyRows(dataset, stream, numbers),
    subject: { server: subject, requests, stores: true },
    noop: { server: noop, requests, stores: false },
    orm: { server: orm, requests: bySeq, stores: true },
  };
}
