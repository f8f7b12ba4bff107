import type { ClientBase } from 'pg';
import { timeText } from '../../rollup/sql-values.js';
import type { EventKey, EventsQuery, ExportCursor } from '../language/parse-events.js';
import type { Filter, Range } from '../language/query.js';
import { resolveRange } from '../time/resolve-range.js';
import { sortFilters } from './classify.js';
import { orderOfEvents, readEventRows, type EventRow } from './event-rows.js';
import { eventConditions, eventTables, IS_KEPT } from './events-sql.js';
import { RangeRun, type EngineState } from './range-run.js';
import { readSources } from './names.js';
import { expectRaw, expectWithin } from './refusals.js';
import { everything, type Snapshot } from './snapshot.js';
import { SqlParameters } from './sql-parameters.js';

export interface EventsPage {
  range: Range;
  rows: EventRow[];
  /** How many of bots lie between those of the page, and before the next one, and were left out. */
  botEvents: number;
}

/** @throws RefusedQueryError */
export async function runEvents(
  client: ClientBase,
  snapshot: Snapshot,
  state: EngineState,
  query: EventsQuery,
  now: number,
): Promise<EventsPage> {
  const all = everything(snapshot, now);
  const sorted = sortFilters(query.filters);
  const sources = await readSources(client, sorted.source);
  const firstRaw = Math.max(all.from, snapshot.horizons.latestMs(sources));
  const whole = query.dateRange === 'all' ? { ...all, from: firstRaw } : undefined;
  const range = whole ?? resolveRange(query.dateRange, query.timezone, now, all);
  const needsLooking = sorted.mixed.length > 0;
  if (needsLooking) {
    const { filters, timezone, includeBots } = query;
    const asked = { metrics: [{ key: 'events' as const }], dimensions: [] };
    const run = await RangeRun.prepare(client, snapshot, state, {
      ...asked,
      filters,
      timezone,
      includeBots,
    });
    expectWithin('raw_rows', await run.estimate(range), state.limits.maxRawRows);
  }
  const page = { ...query, range, sources, isNewestFirst: true };
  const rows = await readPage(client, snapshot, page);
  const last = rows.length === query.limit ? rows.at(-1)!.key : undefined;
  const botEvents = query.includeBots ? 0 : await countBots(client, page, last);
  return { range, rows, botEvents };
}

/**
 * Some events of an export, oldest first. Without a beginning it has whatever is kept, of each source
 * from its own horizon on.
 */
export async function runExport(
  client: ClientBase,
  snapshot: Snapshot,
  page: {
    from: number | undefined;
    to: number | undefined;
    after: EventKey | undefined;
    limit: number;
  },
): Promise<EventRow[]> {
  const { firstMs, lastMs, horizons } = snapshot;
  const from = page.from ?? Math.max(firstMs, horizons.latestMs([]));
  const range = { from, to: page.to ?? Math.max(lastMs, from) };
  return await readPage(client, snapshot, {
    range,
    filters: [],
    includeBots: true,
    sources: page.from === undefined ? 'as kept' : undefined,
    after: page.after,
    limit: page.limit,
    isNewestFirst: false,
  });
}

/** The number of a user whom a line names; 0 for nobody, and for one who isn't there. */
export async function findUser(
  client: ClientBase,
  { user, kinds }: Pick<ExportCursor, 'user' | 'kinds'>,
): Promise<number> {
  if (user === undefined) return 0;
  const { rows } = await client.query<{ seq: number }>(
    `SELECT seq FROM users WHERE kind = ANY ($2::user_kind[]) AND id = $1 ORDER BY kind LIMIT 1`,
    [user, kinds],
  );
  return rows[0]?.seq ?? 0;
}

interface Page {
  range: Range;
  filters: readonly Filter[];
  includeBots: boolean;
  /** Whose events must all be there; undefined for all sources. */
  sources: readonly number[] | 'as kept' | undefined;
  after: EventKey | undefined;
  limit: number;
  isNewestFirst: boolean;
}

async function readPage(
  client: ClientBase,
  { horizons }: Snapshot,
  page: Page,
): Promise<EventRow[]> {
  const { sources, after, isNewestFirst, limit } = page;
  const rest = restOf(page);
  if (rest.from >= rest.to) return [];
  if (sources !== 'as kept') expectRaw(rest.from, horizons, sources);
  const parameters = new SqlParameters();
  const [sign, order] = isNewestFirst ? (['<', 'DESC'] as const) : (['>', 'ASC'] as const);
  const bots = page.includeBots ? 'all' : 'none';
  const conditions = [eventConditions(rest, { ...page, bots }, parameters)];
  if (sources === 'as kept') conditions.push(IS_KEPT);
  if (after) conditions.push(compareKey(sign, after, parameters));
  const text = `
    SELECT events.* FROM ${eventTables({ filters: page.filters })}
    WHERE ${conditions.join(' AND ')} ORDER BY ${orderOfEvents('events', order)}
    LIMIT ${parameters.bind(limit, 'integer')}`;
  return await readEventRows(client, text, order, parameters);
}

/** What comes before the cursor was read already. */
function restOf({ range, after, isNewestFirst }: Page): Range {
  if (!after) return range;
  return isNewestFirst
    ? { from: range.from, to: Math.min(range.to, after.time + 1) }
    : { from: Math.max(range.from, after.time), to: range.to };
}

/** @param last where the page ends, the newest being first; without it where the range begins */
async function countBots(
  client: ClientBase,
  page: Page,
  last: EventKey | undefined,
): Promise<number> {
  const { filters, after } = page;
  const rest = restOf(page);
  const range = last ? { from: last.time, to: rest.to } : rest;
  if (range.from >= range.to) return 0;
  const parameters = new SqlParameters();
  const conditions = [
    eventConditions(range, { filters, bots: 'only' }, parameters),
    ...(after ? [compareKey('<', after, parameters)] : []),
    ...(last ? [compareKey('>', last, parameters)] : []),
  ];
  const { rows } = await client.query<{ count: string }>(
    `SELECT count(*) AS count FROM ${eventTables({ filters })} WHERE ${conditions.join(' AND ')}`,
    parameters.values,
  );
  return Number(rows[0]!.count);
}

function compareKey(
  sign: '<' | '>',
  { time, id, userSeq }: EventKey,
  parameters: SqlParameters,
): string {
  const key = [
    parameters.bind(timeText(time), 'timestamptz'),
    parameters.bind(id, 'uuid'),
    parameters.bind(userSeq, 'integer'),
  ];
  return `(events.time, events.id, events.user_seq) ${sign} (${key.join(', ')})`;
}
