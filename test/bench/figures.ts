import type { BulkRound } from './bulk-rounds.js';
import type { Part, Storage } from './options.js';
import type { Result } from './result.js';
import { growthOverLastHalf, median } from './statistics.js';
import { formatNumber } from './table.js';

/** What the rounds of one storage came to; one value a round. */
export interface Figures {
  batch: BulkRound[];
  briefBatch: BulkRound[];
  batchCopy: BulkRound[];
  stream: BulkRound[];
  streamCopy: BulkRound[];
  /** Why the stream isn't measured. */
  streamFailure: string | undefined;
  /** Requests a second. */
  single: number[];
  noop: number[];
  orm: number[];
  /** At which the latencies were measured, requests a second. */
  latencyRate: number[];
  /** 99th percentiles in milliseconds. */
  latency: number[];
  noopLatency: number[];
  /** Resident memory of the server in MB, in the order of time. */
  memory: readonly number[];
}

export function noFigures(memory: readonly number[]): Figures {
  return {
    batch: [],
    briefBatch: [],
    batchCopy: [],
    stream: [],
    streamCopy: [],
    streamFailure: undefined,
    single: [],
    noop: [],
    orm: [],
    latencyRate: [],
    latency: [],
    noopLatency: [],
    memory,
  };
}

/** The lines of the table for one storage. */
export function toResults(storage: Storage, figures: Figures, parts: readonly Part[]): Result[] {
  const linesOf: Record<Part, () => Result[]> = {
    batch: () => batchResults(storage, figures),
    stream: () => [streamResult(storage, figures)],
    single: () => singleResults(storage, figures),
    latency: () => [latencyResult(storage, figures)],
  };
  return [...parts.flatMap((part) => linesOf[part]()), ...memoryResults(storage, figures)];
}

const rates = (rounds: BulkRound[]): number[] => rounds.map(({ perSecond }) => perSecond);

function batchResults(storage: Storage, { batch, briefBatch, batchCopy }: Figures): Result[] {
  const line = { storage, against: 'one binary COPY' };
  const cpu = (rounds: BulkRound[]): number[] => rounds.flatMap(({ cpuMs }) => cpuMs ?? []);
  const cpuRounds = cpu(batch);
  return [
    {
      ...line,
      what: 'batches of 1,000',
      unit: 'events/s',
      rounds: rates(batch),
      referenceRounds: rates(batchCopy),
      required: { atLeast: 0.6 },
    },
    {
      ...line,
      what: 'batches of 1,000, receipts=rejected',
      unit: 'events/s',
      rounds: rates(briefBatch),
      referenceRounds: rates(batchCopy),
      required: { atLeast: 0.6 },
    },
    {
      ...line,
      what: 'batches of 1,000: CPU',
      unit: 'ms/event',
      rounds: cpuRounds,
      referenceRounds: cpu(batchCopy),
      ...(cpuRounds.length === 0 && { failure: 'not measured on this system' }),
    },
  ];
}

function streamResult(storage: Storage, figures: Figures): Result {
  return {
    storage,
    what: 'stream of NDJSON',
    against: 'one binary COPY',
    unit: 'events/s',
    rounds: rates(figures.stream),
    referenceRounds: rates(figures.streamCopy),
    required: { atLeast: 0.6 },
    ...(figures.streamFailure !== undefined && { failure: figures.streamFailure }),
  };
}

function singleResults(storage: Storage, { single, noop, orm }: Figures): Result[] {
  const line = { storage, what: 'single POST', unit: 'requests/s', rounds: single };
  return [
    { ...line, against: 'storing nothing', referenceRounds: noop, required: { atLeast: 0.7 } },
    { ...line, against: 'INSERT by ORM', referenceRounds: orm, required: { atLeast: 4 } },
  ];
}

function latencyResult(storage: Storage, figures: Figures): Result {
  return {
    storage,
    what: `p99 at ${formatNumber(median(figures.latencyRate))} requests/s`,
    against: 'storing nothing',
    unit: 'ms',
    rounds: figures.latency,
    referenceRounds: figures.noopLatency,
    required: { below: 3 },
  };
}

function memoryResults(storage: Storage, { memory }: Figures): Result[] {
  const line = { storage, against: '', referenceRounds: [] };
  return [
    {
      ...line,
      what: 'resident memory, highest',
      unit: 'MB',
      rounds: [Math.max(...memory)],
      required: { below: 300 },
    },
    {
      ...line,
      what: 'resident memory, growth in the last half',
      unit: '%',
      rounds: [growthOverLastHalf(memory) * 100],
      required: { below: 10 },
    },
  ];
}
