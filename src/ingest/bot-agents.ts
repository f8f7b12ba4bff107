import { isbot } from 'isbot';
import { LRUCache } from 'lru-cache';

/** Browsers' are shorter; what stands behind would only cost time, of which hostile ones want much. */
const MAX_LENGTH = 512;
/** A megabyte or two, and many more than a site sees in an hour. */
const MAX_KNOWN = 2_000;

const known = new LRUCache<string, boolean>({ max: MAX_KNOWN });

/**
 * Whether a user agent is that of a crawler, a monitor, a library or a browser without a window, by the
 * list of the package `isbot`. Of one that is longer than 512 characters the beginning is judged.
 *
 * @returns false for what is no text, or empty: nothing is known then
 */
export function isBotAgent(agent: unknown): boolean {
  if (typeof agent !== 'string' || agent === '') return false;
  // Not kept: a part of a text keeps all of it in memory.
  if (agent.length > MAX_LENGTH) return isbot(agent.slice(0, MAX_LENGTH));
  const answer = known.get(agent);
  if (answer !== undefined) return answer;
  const judged = isbot(agent);
  // A copy, as it may itself be a part of a file's text.
  known.set(Buffer.from(agent).toString(), judged);
  return judged;
}
