import { getJson } from './client.js';
import type { EventsAnswer, QueryAnswer } from './types.js';

/** All there is: from when to when, in milliseconds; null is where there is no event at all. */
export type Extent = { first: number; last: number };

export async function readExtent(now: number, signal: AbortSignal): Promise<Extent | null> {
  const everything = { bots: 'include', date_range: 'all' };
  const all = await getJson<QueryAnswer>('query', { ...everything, metrics: 'events' }, signal);
  if (all.totals['events'] === 0) return null;
  // Raw events may be gone, and rollups alone be left.
  const latest = await getJson<EventsAnswer>('events', { bots: 'include', limit: '1' }, signal);
  const last = latest.results[0]?.timestamp;
  return {
    first: Date.parse(all.query.date_range[0]),
    last: last === undefined ? now : Date.parse(last),
  };
}
