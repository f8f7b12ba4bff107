/** A range of time with both ends in it. */
export interface ClosedWindow {
  from: Date;
  to: Date;
}

/** Length of the original report's window. */
const HOUR_MS = 3_600_000;

/** The hour that ends at a moment, both ends in: `[end - 3600 s, end]`. */
export function hourUpTo(end: Date): ClosedWindow {
  return { from: new Date(end.getTime() - HOUR_MS), to: end };
}
