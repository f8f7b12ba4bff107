import { createHash } from 'node:crypto';
import type { FigureRow } from './engine/count-people.js';
import { metricValue, type RowFigures } from './engine/metrics.js';
import { expectWithin } from './engine/refusals.js';
import type { Effort, RangeFigures } from './engine/range-run.js';
import type { QueryFigures } from './engine/run-query.js';
import { InvalidQueryError } from './language/invalid-query.js';
import {
  fieldDimensions,
  timeDimension,
  type Order,
  type Query,
  type Range,
} from './language/query.js';
import { rangeText } from './time/time-buckets.js';

/** One key for each dimension, and one for each metric. */
export type AnswerRow = Record<string, unknown>;

export interface Answer {
  results: AnswerRow[];
  totals: AnswerRow;
  /** Results and totals of the range that is compared with. */
  comparison?: { date_range: [string, string]; results: AnswerRow[]; totals: AnswerRow };
  query: object;
  meta: object;
}

/** A row, and where it stands. */
interface PlacedRow {
  row: AnswerRow;
  /** What rows are told apart by: the bucket, and the fields' values. */
  identity: readonly unknown[];
}

/**
 * Writes figures as the rows that were asked for.
 *
 * @throws RefusedQueryError where there are too many empty buckets
 */
export function toAnswer(query: Query, figures: QueryFigures, maxRows: number): Answer {
  const { current, compared, effort } = figures;
  const page = pageOf(query, rowsOf(query, current, maxRows), current.range);
  return {
    results: page.rows,
    totals: metricsOf(query, current.totals),
    ...(compared && {
      comparison: {
        date_range: rangeText(compared.range, query.timezone),
        results: pageOf(
          { ...query, cursor: undefined },
          rowsOf(query, compared, maxRows),
          compared.range,
        ).rows,
        totals: metricsOf(query, compared.totals),
      },
    }),
    query: executed(query, current.range),
    meta: {
      ...effortOf(effort),
      anonymous_events: current.anonymousEvents,
      bot_events: current.botEvents,
      next_cursor: page.next,
    },
  };
}

export function effortOf({ buckets, deltas, rawRows }: Effort): object {
  return { buckets, deltas, raw_rows: rawRows };
}

/** The query with everything filled in that was left out, and presets as the range they stood for. */
function executed(query: Query, range: Range): object {
  return {
    metrics: query.metrics.map(({ key }) => key),
    date_range: rangeText(range, query.timezone),
    timezone: query.timezone,
    bots: query.includeBots ? 'include' : 'exclude',
    dimensions: query.dimensions.map((dimension) =>
      'unit' in dimension ? `time:${dimension.unit}` : dimension.key,
    ),
    filters: query.givenFilters,
    order_by: orderOf(query).map(({ key, direction }) => [key, direction]),
    limit: query.limit,
    fill: query.fill,
    ...(query.compare && { compare: query.compare }),
  };
}

function metricsOf({ metrics }: Query, figures: RowFigures): AnswerRow {
  return Object.fromEntries(metrics.map((metric) => [metric.key, metricValue(metric, figures)]));
}

function rowsOf(query: Query, figures: RangeFigures, maxRows: number): PlacedRow[] {
  const rows =
    query.fill && timeDimension(query.dimensions) ? filled(query, figures, maxRows) : figures.rows;
  const { labels } = figures.buckets;
  const fields = fieldDimensions(query.dimensions);
  if (query.dimensions.length === 0) {
    return [{ row: metricsOf(query, figures.totals), identity: [] }];
  }
  return rows.map((row) => {
    const values = Object.fromEntries(fields.map(({ key }, index) => [key, row.fields[index]]));
    // In the order in which they were asked for.
    const keys = query.dimensions.map(({ key }) => [
      key,
      key === 'time' ? labels[row.bucket] : values[key],
    ]);
    return {
      row: { ...Object.fromEntries(keys), ...metricsOf(query, row) } as AnswerRow,
      identity: [row.bucket, ...row.fields],
    };
  });
}

/** With a row for each bucket that has no event, for all values of the fields that any has. */
function filled(
  { dimensions }: Query,
  { rows, buckets, totals }: RangeFigures,
  maxRows: number,
): FigureRow[] {
  const hasFields = fieldDimensions(dimensions).length > 0;
  const values = new Map<string, readonly unknown[]>(hasFields ? [] : [['[]', []]]);
  const known = new Set<string>();
  for (const { bucket, fields } of rows) {
    const key = JSON.stringify(fields);
    values.set(key, fields);
    known.add(`${bucket} ${key}`);
  }
  expectWithin('result_rows', values.size * buckets.starts.length, maxRows);
  const counts = Object.fromEntries(Object.keys(totals.counts).map((key) => [key, 0]));
  const empty = [...values].flatMap(([key, fields]) =>
    buckets.starts
      .map((_, bucket) => ({ bucket, fields, counts, users: 0, newUsers: 0 }))
      .filter(({ bucket }) => !known.has(`${bucket} ${key}`)),
  );
  return [...rows, ...empty];
}

/** Time first; without it the most of the first metric. */
function orderOf({ orderBy, dimensions, metrics }: Query): Order[] {
  if (orderBy.length > 0) return orderBy;
  return timeDimension(dimensions)
    ? [{ key: 'time', direction: 'asc' }]
    : [{ key: metrics[0]!.key, direction: 'desc' }];
}

type SortKey = readonly unknown[];

function pageOf(
  query: Query,
  placed: readonly PlacedRow[],
  range: Range,
): { rows: AnswerRow[]; next: string | null } {
  const order = orderOf(query);
  const keyed = placed.map(({ row, identity }) => {
    const values = order.map(({ key }) => (key === 'time' ? identity[0] : row[key]));
    return { row, key: [...values, ...identity].map(sortable) };
  });
  const byKey = (one: SortKey, other: SortKey): number => compareKeys(one, other, order);
  const sorted = keyed.toSorted((one, other) => byKey(one.key, other.key));
  const after = query.cursor === undefined ? undefined : readCursor(query).key;
  const rest = after ? sorted.filter(({ key }) => byKey(key, after) > 0) : sorted;
  const page = rest.slice(0, query.limit);
  const last = page.at(-1);
  const next = rest.length > page.length && last ? writeCursor(query, range, last.key) : null;
  return { rows: page.map(({ row }) => row), next };
}

/** What stands for a longer text begins like it. */
const MAX_TEXT = 100;

/** Cursors hold these, and travel in headers: of long values they have the beginning and a digest. */
function sortable(value: unknown): unknown {
  if (typeof value === 'number' || value === null) return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text.length <= MAX_TEXT) return value;
  const digest = createHash('sha256').update(text).digest('base64url');
  const short = `${text.slice(0, MAX_TEXT)}${digest}`;
  return typeof value === 'string' ? short : [short];
}

function compareKeys(one: SortKey, other: SortKey, order: readonly Order[]): number {
  for (let index = 0; index < one.length; index += 1) {
    const compared = compareValues(one[index], other[index]);
    const isNothing = one[index] === null || other[index] === null;
    if (compared !== 0) {
      return order[index]?.direction === 'desc' && !isNothing ? -compared : compared;
    }
  }
  return 0;
}

/** Numbers before texts before all else; nothing comes last, in either direction. */
function compareValues(one: unknown, other: unknown): number {
  const ranks = [rankOf(one), rankOf(other)] as const;
  if (ranks[0] !== ranks[1]) return ranks[0] - ranks[1];
  if (typeof one === 'number') return one - (other as number);
  const [left, right] =
    typeof one === 'string' ? [one, other as string] : [JSON.stringify(one), JSON.stringify(other)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function rankOf(value: unknown): number {
  if (typeof value === 'number') return 0;
  if (typeof value === 'string') return 1;
  return value === null ? 3 : 2;
}

interface Cursor {
  range: Range;
  key: SortKey;
}

/** Which answer a cursor goes on with: of no other query. */
function fingerprint(query: Query): string {
  const { cursor: _, limit: __, ...rest } = query;
  return createHash('sha256').update(JSON.stringify(rest)).digest('base64url').slice(0, 12);
}

function writeCursor(query: Query, { from, to }: Range, key: SortKey): string {
  return Buffer.from(JSON.stringify([fingerprint(query), from, to, key])).toString('base64url');
}

/**
 * The range is that of the first page: rolling ones would move on.
 *
 * @throws InvalidQueryError
 */
export function readCursor(query: Query): Cursor {
  try {
    const text = Buffer.from(query.cursor!, 'base64url').toString();
    const [print, from, to, key] = JSON.parse(text) as [string, number, number, SortKey];
    if (print !== fingerprint(query) || !Array.isArray(key)) throw new TypeError('another query');
    if (!isMoment(from) || !isMoment(to) || from > to) throw new TypeError('no range');
    return { range: { from, to }, key };
  } catch {
    throw new InvalidQueryError(
      'cursor',
      'must be the next_cursor of an answer to the same query, whose other fields stay as they are',
    );
  }
}

/** What a date can be, with room for what a range is compared with. */
const MAX_MS = 8e15;

function isMoment(ms: number): boolean {
  return Number.isSafeInteger(ms) && Math.abs(ms) <= MAX_MS;
}
