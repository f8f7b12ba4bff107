import { isTrackerPath, TRACKER_PATH, TRACKER_PATH_ACCEPTED } from './tracker-path.js';

/** Where the tracker is found besides. */
export abstract class TrackerOptions {
  /** Such as `/assets/shop.js`: blockers know the usual name. */
  abstract readonly path: string;
}

/**
 * All paths of the tracker.
 *
 * @throws TypeError for one that it can't have
 */
export function trackerPaths(options?: TrackerOptions): string[] {
  const path = options?.path ?? TRACKER_PATH;
  if (!isTrackerPath(path)) throw new TypeError(`tracker.path must be ${TRACKER_PATH_ACCEPTED}`);
  return [...new Set([TRACKER_PATH, path])];
}
