/**
 * SQL of where processes tell each other what they store, and that somebody watches. A database may have
 * tables of several installations, in schemas of their own, and one mustn't hear of another.
 */
export const CHANNEL = "(SELECT 'analytics_live_' || id FROM installation)";

/** PostgreSQL takes payloads of less than 8,000 bytes. */
const MAX_PAYLOAD_BYTES = 7_900;

/** What processes tell each other. */
export type Notice =
  /** A process has begun to listen, and asks whether anybody watches. */
  | { kind: 'hello' }
  /** Somebody watches, at the process that says so. */
  | { kind: 'want'; id: string }
  /** Events that were stored; each has the id of its own that `idOf` gives. */
  | { kind: 'events'; from: string; first: number; omitted: number; lines: string[] };

/** @param from a process @param number of what it says */
export function idOf(from: string, number: number): string {
  return `${from}-${number}`;
}

export function writeHello(): string {
  return 'hello';
}

export function writeWant(id: string): string {
  return `want ${id}`;
}

/**
 * @param first the number of what comes first: that events were left out, where some were, then each
 *   event
 * @param omitted how many events were left out before these
 * @param lines events as JSON, each of half a payload at most and without line breaks
 * @returns payloads, in order; one at least
 */
export function writeEvents(
  from: string,
  first: number,
  omitted: number,
  lines: readonly string[],
): string[] {
  const payloads: string[] = [];
  let number = first;
  let payload = `events ${idOf(from, number)} ${omitted}`;
  if (omitted > 0) number += 1;
  for (const line of lines) {
    if (Buffer.byteLength(payload) + 1 + Buffer.byteLength(line) > MAX_PAYLOAD_BYTES) {
      payloads.push(payload);
      payload = `events ${idOf(from, number)} 0`;
    }
    payload += `\n${line}`;
    number += 1;
  }
  return [...payloads, payload];
}

const WANT = /^want ([0-9a-f]+-\d{1,15})$/;
const EVENTS = /^events ([0-9a-f]+)-(\d{1,15}) (\d{1,15})$/;

/** @returns undefined for what isn't one: whoever may connect to the database may say anything */
export function readNotice(payload: string): Notice | undefined {
  if (payload === 'hello') return { kind: 'hello' };
  const want = WANT.exec(payload);
  if (want) return { kind: 'want', id: want[1]! };
  const [head, ...lines] = payload.split('\n');
  const events = EVENTS.exec(head!);
  if (!events) return undefined;
  const [, from, first, omitted] = events;
  return { kind: 'events', from: from!, first: Number(first), omitted: Number(omitted), lines };
}
