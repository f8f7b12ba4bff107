import type { IncomingMessage } from 'node:http';
import { UnreadableRequestError } from '../common/errors.js';
import { parseJson } from '../common/json-object.js';
import { requireKnownParameters } from '../common/known-parameters.js';
import { isText } from '../common/text.js';
import type { Traits } from './entries.js';

const PARAMETERS = ['event', 'source', 'bots', 'last_event_id'];
const MAX_NAME_LENGTH = 100;

/** What a subscriber wants. */
export interface LiveRequest {
  filter: LiveFilter;
  /** Of the last message that the client had before its connection ended. */
  lastEventId: string | undefined;
}

/** Of which events; undefined for all. */
export interface LiveFilter {
  events: ReadonlySet<unknown> | undefined;
  sources: ReadonlySet<unknown> | undefined;
  includeBots: boolean;
}

/** @throws UnreadableRequestError that names the parameter and what it takes */
export function parseLiveRequest({ url = '', headers }: IncomingMessage): LiveRequest {
  requireKnownParameters({ url }, PARAMETERS);
  const start = url.indexOf('?');
  const given = new URLSearchParams(start === -1 ? '' : url.slice(start + 1));
  const filter = {
    events: readNames(given, 'event'),
    sources: readNames(given, 'source'),
    includeBots: readBots(given),
  };
  const parameter = given.getAll('last_event_id');
  if (parameter.length > 1) throw refused('last_event_id must be given once');
  // A browser that comes back sends the header, and its address still has the parameter.
  const header = headers['last-event-id'];
  const lastEventId = (typeof header === 'string' ? header : '') || parameter[0];
  return { filter, lastEventId: lastEventId || undefined };
}

/** Whether a subscriber gets an event. */
export function passes(filter: LiveFilter, { event, source, isBot }: Traits): boolean {
  if (isBot && !filter.includeBots) return false;
  if (filter.events && !filter.events.has(event)) return false;
  return !filter.sources || filter.sources.has(source);
}

function readBots(given: URLSearchParams): boolean {
  const [bots = 'exclude', ...more] = given.getAll('bots');
  if (more.length > 0 || !['exclude', 'include'].includes(bots)) {
    throw refused('bots must be exclude or include, given once');
  }
  return bots === 'include';
}

function readNames(given: URLSearchParams, parameter: string): Set<unknown> | undefined {
  if (!given.has(parameter)) return undefined;
  const names = given.getAll(parameter).flatMap(namesOf);
  if (names.length > 0 && names.every((name) => isText(name, MAX_NAME_LENGTH))) {
    return new Set(names);
  }
  throw refused(
    `${parameter} must be names of 1 to ${MAX_NAME_LENGTH} characters with commas between, or a JSON array of them`,
  );
}

/** As in queries: JSON for names that hold commas. */
function namesOf(text: string): unknown[] {
  const list = text.startsWith('[') ? parseJson(text) : undefined;
  return Array.isArray(list) ? list : text.split(',');
}

function refused(message: string): UnreadableRequestError {
  return new UnreadableRequestError('invalid_parameter', message, 400);
}
