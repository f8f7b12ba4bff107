/** A worker that has listened for so long didn't end by what it met at its start. */
const STABLE_MS = 60_000;
const FIRST_PAUSE_MS = 1_000;
/** Short enough that a service comes back soon when what has ended its workers is over. */
const LONGEST_PAUSE_MS = 30_000;

/**
 * Counts ends soon after a start.
 *
 * @param before how many there were in a row
 * @param age milliseconds for which the worker that ended has listened
 */
export function countEarlyEnds(before: number, age: number): number {
  return age < STABLE_MS ? before + 1 : 0;
}

/** Milliseconds to wait before another worker is started; none after a single early end. */
export function restartPause(earlyEnds: number): number {
  if (earlyEnds < 2) return 0;
  return Math.min(FIRST_PAUSE_MS * 2 ** (earlyEnds - 2), LONGEST_PAUSE_MS);
}
