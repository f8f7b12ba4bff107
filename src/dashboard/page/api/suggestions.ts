import { getJson, postJson } from './client.js';
import type { EventsAnswer, PeopleAnswer, QueryAnswer } from './types.js';

/** Names that lists offer: those in use lately. Any other can be typed. */
export interface Suggestions {
  events: string[];
  properties: string[];
  traits: string[];
}

export const NO_SUGGESTIONS: Suggestions = { events: [], properties: [], traits: [] };

const LOOKED_AT = '300';
const MAX_EVENTS = 200;

export async function readSuggestions(signal: AbortSignal): Promise<Suggestions> {
  const [names, events, people] = await Promise.all([
    postJson<QueryAnswer>(
      'query',
      {
        metrics: ['events'],
        date_range: 'all',
        dimensions: ['event'],
        bots: 'include',
        limit: MAX_EVENTS,
      },
      signal,
    ),
    getJson<EventsAnswer>('events', { limit: LOOKED_AT }, signal),
    getJson<PeopleAnswer>('users', { limit: LOOKED_AT, kind: 'known' }, signal),
  ]);
  return {
    events: names.results.map(({ event }) => String(event)).filter((name) => name !== '(other)'),
    properties: keysOf(events.results.map(({ properties }) => properties)),
    traits: keysOf(people.results.map(({ traits }) => traits)),
  };
}

/** The most frequent first. What holds further fields is no value that rows could be told apart by. */
function keysOf(objects: readonly (Record<string, unknown> | undefined)[]): string[] {
  const counts = new Map<string, number>();
  for (const object of objects) {
    for (const [key, value] of Object.entries(object ?? {})) {
      if (typeof value === 'object') continue;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return [...counts].toSorted(([, one], [, other]) => other - one).map(([key]) => key);
}
