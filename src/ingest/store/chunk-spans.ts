const DAY_MS = 24 * 3_600_000;
const YEAR_MS = 365.25 * DAY_MS;

/** How long chunks are of events that were older than so many years when their chunk was made. */
const SPANS = [
  { years: 30, length: 36_400 * DAY_MS },
  { years: 5, length: 182 * DAY_MS },
  { years: 1, length: 28 * DAY_MS },
] as const;

/** Where a chunk begins and how long it is, in milliseconds. */
export interface ChunkSpan {
  start: number;
  length: number;
}

/**
 * The chunk that the event of a moment should lie in. The further back, the longer: so there never are
 * more than some 200 chunks of all that is past, whatever times events have.
 *
 * @param usual the table's own length, in milliseconds like all here
 */
export function chunkSpan(time: number, now: number, usual: number): ChunkSpan {
  const age = now - time;
  const span = SPANS.find(({ years }) => age > years * YEAR_MS);
  const length = Math.max(usual, span?.length ?? usual);
  return { start: Math.floor(time / length) * length, length };
}
