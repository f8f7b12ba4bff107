const DAY_MS = 24 * 3_600_000;
const YEAR_MS = 365.25 * DAY_MS;

/** How long chunks are of events that were a year old, or thirty, when their chunk was made. */
const LONG_MS = 28 * DAY_MS;
const LONGEST_MS = 3_640 * DAY_MS;

/** Where a chunk begins and how long it is, in milliseconds. */
export interface ChunkSpan {
  start: number;
  length: number;
}

/**
 * The chunk that the event of a moment should lie in. The further back, the longer: so there never are
 * more than some hundred chunks of all that is past, whatever times events have.
 *
 * @param usual the table's own length, in milliseconds like all here
 */
export function chunkSpan(time: number, now: number, usual: number): ChunkSpan {
  const age = now - time;
  let length = usual;
  if (age > 30 * YEAR_MS) length = Math.max(usual, LONGEST_MS);
  else if (age > YEAR_MS) length = Math.max(usual, LONG_MS);
  return { start: Math.floor(time / length) * length, length };
}
