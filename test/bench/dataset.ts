import { randomFillSync } from 'node:crypto';

/** What every event of the data set is made of; the same for each way in. */
export interface Dataset {
  count: number;
  /** Unix milliseconds, advancing. */
  times: Float64Array;
  /** Indexes of users, from 0: see {@link userId}. */
  users: Int32Array;
  /** Indexes of {@link EVENT_NAMES}. */
  names: Uint8Array;
  /** Indexes of {@link PROPERTIES}, or {@link NO_PROPERTIES}. */
  properties: Uint8Array;
  /** 16 bytes each: random UUIDs. */
  ids: Buffer;
}

export const USER_COUNT = 100_000;
export const EVENT_NAMES = ['click', 'impression', 'pageview', 'signup'] as const;
export const NO_PROPERTIES = 255;
export const UUID_BYTES = 16;

const PATHS = ['/', '/pricing', '/docs', '/docs/start', '/blog', '/login', '/about', '/contact'];
const PLANS = ['free', 'pro', 'team'];

/** JSON texts. */
export const PROPERTIES = PATHS.flatMap((path) =>
  PLANS.map((plan) => JSON.stringify({ path, plan })),
);

/** In the middle of a chunk or not, as it comes: a fixed time, so that runs compare. */
export const FIRST_TIME = Date.UTC(2026, 10, 10);
export const LAST_TIME = FIRST_TIME + 2 * 24 * 3_600_000;
const SEED = 20_261_110;

/** The same events each time, except for their ids. */
export function createDataset(count: number): Dataset {
  const random = seededRandom(SEED);
  const dataset: Dataset = {
    count,
    times: new Float64Array(count),
    users: new Int32Array(count),
    names: new Uint8Array(count),
    properties: new Uint8Array(count),
    ids: createUuids(count),
  };
  const stepMs = (LAST_TIME - FIRST_TIME) / count;
  for (let index = 0; index < count; index += 1) {
    dataset.times[index] = Math.floor(FIRST_TIME + index * stepMs);
    dataset.users[index] = Math.floor(random() * USER_COUNT);
    dataset.names[index] = Math.floor(random() * EVENT_NAMES.length);
    dataset.properties[index] =
      random() < 0.5 ? NO_PROPERTIES : Math.floor(random() * PROPERTIES.length);
  }
  return dataset;
}

/** Some of its events, which stay where they are in memory. */
export function sliceOf(dataset: Dataset, start: number, count: number): Dataset {
  const end = start + count;
  return {
    count,
    times: dataset.times.subarray(start, end),
    users: dataset.users.subarray(start, end),
    names: dataset.names.subarray(start, end),
    properties: dataset.properties.subarray(start, end),
    ids: dataset.ids.subarray(start * UUID_BYTES, end * UUID_BYTES),
  };
}

/** As applications name their users. */
export function userId(index: number): string {
  return `u-${index}`;
}

/** The text of an event's id. */
export function idText({ ids }: Dataset, index: number): string {
  const hex = ids.toString('hex', index * UUID_BYTES, (index + 1) * UUID_BYTES);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20)];
  return [...parts, hex.slice(20)].join('-');
}

/** Random ones, version 4 (RFC 9562), as most clients make them. */
function createUuids(count: number): Buffer {
  const ids = Buffer.allocUnsafe(count * UUID_BYTES);
  randomFillSync(ids);
  for (let start = 0; start < ids.length; start += UUID_BYTES) {
    ids[start + 6] = (ids[start + 6]! & 0x0f) | 0x40;
    ids[start + 8] = (ids[start + 8]! & 0x3f) | 0x80;
  }
  return ids;
}

/** Mulberry32 (Tommy Ettinger, public domain): from 0 to below 1. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d_2b_79_f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
