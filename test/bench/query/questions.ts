import { HttpConnection } from '../http-connection.js';
import type { Range } from './data-sets.js';
import { hoursOf, NO_HOURS, type Figures, type Said, type Timed } from './figures.js';

/** A query may take longer than anything that is written: SQL over all raw events, when it must. */
export const PATIENCE_MS = 600_000;

/** What a server is asked. */
export interface Question {
  request: Buffer;
  read: (body: string) => Said;
}

/** The server doesn't answer this kind of question. */
export class UnansweredError extends Error {
  override name = 'UnansweredError';
}

interface QueryAnswer {
  results: { time?: string; unique_users: number; events: number }[];
  totals?: { unique_users: number; events: number };
}

/** Users, clicks and impressions of the hour up to a moment, both ends in. */
export function askHour(end: number): Question {
  const path = `/analytics?timestamp=${new Date(end).toISOString()}&format=json`;
  return {
    request: Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`),
    read: (body) => {
      const report = JSON.parse(body) as Record<string, number>;
      const figures = [report['unique_users']!, report['clicks']!, report['impressions']!];
      return { whole: figures, hours: NO_HOURS };
    },
  };
}

/** Users and events of a range. */
export function askRange(range: Range): Question {
  return { request: queryRequest({ date_range: isoRange(range) }), read: readWhole };
}

/** Users and events of a range by hour, and of the whole. */
export function askHours(range: Range): Question {
  const request = queryRequest({ date_range: isoRange(range), dimensions: ['time:hour'] });
  return {
    request,
    read: (body) => {
      const { results } = JSON.parse(body) as QueryAnswer;
      const rows = results.map((row): [number, Figures] => [Date.parse(row.time!), figuresOf(row)]);
      return { whole: readWhole(body).whole, hours: hoursOf(rows) };
    },
  };
}

/** Users and events of a range that have a property, which only raw events tell. */
export function askProperty(range: Range): Question {
  const filters = [['is', 'property:x', ['1']]];
  return { request: queryRequest({ date_range: isoRange(range), filters }), read: readWhole };
}

/** @throws UnansweredError for any status but 200 */
export async function ask(port: number, { request, read }: Question): Promise<Timed> {
  const connection = await HttpConnection.open(port, PATIENCE_MS);
  try {
    const begun = performance.now();
    const { status, body } = await connection.ask(request);
    const ms = performance.now() - begun;
    if (status !== 200) {
      const target = request.toString('latin1', 0, request.indexOf(' HTTP/')).replace(/\?.*/, '');
      throw new UnansweredError(`${target} answered ${status}: ${body.toString().slice(0, 200)}`);
    }
    return { ms, said: read(body.toString()) };
  } finally {
    connection.close();
  }
}

function readWhole(body: string): Said {
  const { results, totals } = JSON.parse(body) as QueryAnswer;
  return { whole: figuresOf(totals ?? results[0]!), hours: NO_HOURS };
}

function figuresOf(row: { unique_users: number; events: number }): Figures {
  return [row.unique_users, row.events];
}

function isoRange({ from, to }: Range): string[] {
  return [new Date(from).toISOString(), new Date(to).toISOString()];
}

function queryRequest(query: object): Buffer {
  const body = JSON.stringify({ metrics: ['unique_users', 'events'], ...query });
  return Buffer.from(
    `POST /analytics/query HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
