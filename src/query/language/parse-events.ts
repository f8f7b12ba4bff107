import { z } from 'zod';
import { parseJson } from '../../common/json-object.js';
import { parseMilliseconds, TIMESTAMP_ACCEPTED } from '../../common/timestamp.js';
import { InvalidQueryError, parseWith } from './invalid-query.js';
import { resolved } from './parse-query.js';
import type { DateRange, Filter } from './query.js';
import { bots, dateRange, filters, timezone } from './schema-parts.js';

const MAX_LIMIT = 1_000;
const DEFAULT_LIMIT = 100;
const LIMIT_ACCEPTED = `must be a whole number from 1 to ${MAX_LIMIT}`;

/** The place of an event among all: its time in milliseconds, its id, and the number of its user. */
export interface EventKey {
  time: number;
  id: string;
  userSeq: number;
}

/** Raw events, newest first. */
export interface EventsQuery {
  dateRange: DateRange;
  timezone: string;
  filters: Filter[];
  includeBots: boolean;
  limit: number;
  /** The last one of the page before. */
  after: EventKey | undefined;
}

export const eventsSchema = z.strictObject(
  {
    date_range: dateRange.optional(),
    timezone,
    filters,
    bots,
    limit: z
      .int(LIMIT_ACCEPTED)
      .min(1, LIMIT_ACCEPTED)
      .max(MAX_LIMIT, LIMIT_ACCEPTED)
      .default(DEFAULT_LIMIT),
    cursor: z.string('must be the next_cursor of an answer').optional(),
  },
  'must be fields of a query',
);

/** @throws InvalidQueryError */
export function parseEvents(value: unknown): EventsQuery {
  const given = parseWith(eventsSchema, value);
  return {
    dateRange: given.date_range ? resolved(given.date_range, given.timezone) : 'all',
    timezone: given.timezone,
    filters: given.filters,
    includeBots: given.bots,
    limit: given.limit,
    after: given.cursor === undefined ? undefined : readEventCursor(given.cursor),
  };
}

export function writeEventCursor({ time, id, userSeq }: EventKey): string {
  return Buffer.from(JSON.stringify([time, id, userSeq])).toString('base64url');
}

/** Of an integer in the database. */
const MAX_USER = 2 ** 31 - 1;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function readEventCursor(cursor: string): EventKey {
  try {
    const text = Buffer.from(cursor, 'base64url').toString();
    const [time, id, userSeq] = JSON.parse(text) as [number, string, number];
    const isUser = Number.isInteger(userSeq) && userSeq >= 0 && userSeq <= MAX_USER;
    if (!Number.isSafeInteger(time) || !UUID.test(id) || !isUser) throw new TypeError('no key');
    return { time, id, userSeq };
  } catch {
    throw new InvalidQueryError('cursor', 'must be the next_cursor of an answer');
  }
}

/** Everything in a range, oldest first. */
export interface ExportQuery {
  /** Milliseconds, half-open; undefined for no bound. */
  from: number | undefined;
  to: number | undefined;
  format: 'ndjson' | 'csv';
  after: ExportCursor | undefined;
}

/** Where an export was broken off: what its last whole line says. */
export interface ExportCursor {
  time: number;
  id: string;
  /** Undefined for an event of nobody. */
  user: string | undefined;
  /** Of which the user may be, the likelier one first. */
  kinds: readonly ('known' | 'anonymous')[];
}

const moment = z.unknown().transform((value, context): number => {
  const time = typeof value === 'string' ? parseMilliseconds(value) : undefined;
  if (time !== undefined) return time;
  context.addIssue({ code: 'custom', message: `must be ${TIMESTAMP_ACCEPTED}` });
  return z.NEVER;
});

export const exportSchema = z.strictObject(
  {
    from: moment.optional(),
    to: moment.optional(),
    format: z.enum(['ndjson', 'csv'], 'must be ndjson or csv').default('ndjson'),
    cursor: z.string('must be given once').optional(),
  },
  'must be from, to, format and cursor',
);

/** @throws InvalidQueryError */
export function parseExport(value: unknown): ExportQuery {
  const { from, to, format, cursor } = parseWith(exportSchema, value);
  if (from !== undefined && to !== undefined && from >= to) {
    throw new InvalidQueryError('to', 'must be later than from');
  }
  return { from, to, format, after: cursor === undefined ? undefined : readExportCursor(cursor) };
}

const EXPORT_CURSOR_ACCEPTED =
  'must be the last line that was received, as JSON with timestamp, id, and user and anonymous ' +
  'where it has them; or timestamp,id,user of it, or timestamp,id where it has no user';

function readExportCursor(cursor: string): ExportCursor {
  const after = cursor.startsWith('{') ? cursorOfLine(cursor) : cursorOfText(cursor);
  if (after && UUID.test(after.id)) return after;
  throw new InvalidQueryError('cursor', EXPORT_CURSOR_ACCEPTED);
}

const line = z.object({
  timestamp: z.union([z.string(), z.number()]).transform(String),
  id: z.string(),
  user: z
    .string()
    .regex(/^[^\0]{1,255}$/u)
    .nullish(),
  anonymous: z.boolean().nullish(),
});

function cursorOfLine(cursor: string): ExportCursor | undefined {
  const { data } = line.safeParse(parseJson(cursor));
  const time = data && parseMilliseconds(data.timestamp);
  if (!data || time === undefined) return undefined;
  const kinds = [data.anonymous ? ('anonymous' as const) : ('known' as const)];
  return { time, id: data.id, user: data.user ?? undefined, kinds };
}

/** It doesn't say of which kind its user is: a known one is looked for first. */
function cursorOfText(cursor: string): ExportCursor | undefined {
  const match = /^([^,]+),([^,]+)(?:,([^\0]{1,255}))?$/u.exec(cursor);
  const time = match ? parseMilliseconds(match[1]!) : undefined;
  if (!match || time === undefined) return undefined;
  return { time, id: match[2]!, user: match[3], kinds: ['known', 'anonymous'] };
}
