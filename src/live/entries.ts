import { parseJsonObject } from '../common/json-object.js';
import { idOf, type Notice } from './notices.js';

/** By what a subscriber chooses events. */
export interface Traits {
  event: unknown;
  source: unknown;
  isBot: boolean;
}

/** One message of the feed. */
export interface Entry {
  id: string;
  /**
   * As it's sent
   * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
   */
  text: string;
  /** Undefined for what every subscriber gets. */
  traits?: Traits;
}

/** Says where the feed is, and shows nothing: after it a client can resume. */
export function markOf(id: string): Entry {
  return { id, text: `id: ${id}\n\n` };
}

/** Tells that events may be missing. It has no id: what comes next says where the feed is. */
export const GAP = 'event: gap\ndata: {}\n\n';

/** What a notice of events brings, in order. */
export function entriesOf({
  from,
  first,
  omitted,
  lines,
}: Extract<Notice, { kind: 'events' }>): Entry[] {
  const left = omitted > 0 ? [omittedOf(idOf(from, first), omitted)] : [];
  const start = first + left.length;
  const events = lines.flatMap((line, index) => {
    const event = parseJsonObject(line);
    return event ? [eventOf(idOf(from, start + index), line, event)] : [];
  });
  return [...left, ...events];
}

function omittedOf(id: string, events: number): Entry {
  return { id, text: `id: ${id}\nevent: omitted\ndata: {"events":${events}}\n\n` };
}

function eventOf(id: string, line: string, event: Record<string, unknown>): Entry {
  return {
    id,
    text: `id: ${id}\ndata: ${line}\n\n`,
    traits: { event: event['event'], source: event['source'], isBot: event['bot'] === true },
  };
}
