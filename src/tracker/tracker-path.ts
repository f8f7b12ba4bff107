/** Where the tracker is always found. */
export const TRACKER_PATH = '/analytics.js';

/** What a path of the tracker may be. */
export const TRACKER_PATH_ACCEPTED =
  'a path such as /assets/shop.js: letters, digits and - _ . between slashes, and not one of the API';

const SEGMENT = /^(?!\.{1,2}$)[\w.-]+$/;
/** What paths of the server begin with. */
const TAKEN = new Set([
  'analytics',
  'batch',
  'dashboard',
  'docs',
  'docs-json',
  'docs-yaml',
  'health',
  'i',
  'v1',
]);

/** Whether the tracker can have this path, too. */
export function isTrackerPath(path: string): boolean {
  const [before, ...segments] = path.split('/');
  if (before !== '' || segments.length === 0) return false;
  // Routes are found in whatever case.
  return segments.every((one) => SEGMENT.test(one)) && !TAKEN.has(segments[0]!.toLowerCase());
}
