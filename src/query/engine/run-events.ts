import type { ClientBase } from 'pg';
import { timeText } from '../../rollup/sql-values.js';
import type { EventKey, EventsQuery } from '../language/parse-events.js';
import type { Filter, Range } from '../language/query.js';
import { resolveRange } from '../time/resolve-range.js';
import { sortFilters } from './classify.js';
import { eventConditions, eventTables } from './events-sql.js';
import { RangeRun, type EngineState } from './range-run.js';
import { expectWithin, expired } from './refusals.js';
import { everything, type Snapshot } from './snapshot.js';
import { SqlParameters } from './sql-parameters.js';

/** A raw event as it was recorded. */
export interface EventRow {
  key: EventKey;
  /** Undefined for an event of nobody. */
  user: string | undefined;
  event: string;
  source: string;
  bot: boolean;
  /** As JSON. */
  properties: string | undefined;
}

export interface EventsPage {
  range: Range;
  rows: EventRow[];
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
  const whole = query.dateRange === 'all' ? { ...all, from: firstRaw(snapshot, all) } : undefined;
  const range = whole ?? resolveRange(query.dateRange, query.timezone, now, all);
  const needsLooking = sortFilters(query.filters).mixed.length > 0;
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
  return {
    range,
    rows: await readPage(client, snapshot, { ...query, range, isNewestFirst: true }),
  };
}

/** Everything from the horizon on. */
function firstRaw({ horizonMs }: Snapshot, { from }: Range): number {
  return Math.max(from, horizonMs);
}

/** Some events of an export, oldest first. */
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
  const { firstMs, lastMs, horizonMs } = snapshot;
  const from = page.from ?? (Number.isFinite(horizonMs) ? horizonMs : firstMs);
  const range = { from, to: page.to ?? Math.max(lastMs, from) };
  return await readPage(client, snapshot, {
    range,
    filters: [],
    includeBots: true,
    after: page.after,
    limit: page.limit,
    isNewestFirst: false,
  });
}

/** The number of a user whom a line names; 0 for nobody, and for one who isn't there. */
export async function findUser(client: ClientBase, id: string | undefined): Promise<number> {
  if (id === undefined) return 0;
  const { rows } = await client.query<{ seq: number }>(
    `SELECT seq FROM users WHERE kind IN ('known', 'anonymous') AND id = $1 ORDER BY kind LIMIT 1`,
    [id],
  );
  return rows[0]?.seq ?? 0;
}

interface Page {
  range: Range;
  filters: readonly Filter[];
  includeBots: boolean;
  after: EventKey | undefined;
  limit: number;
  isNewestFirst: boolean;
}

type PageRow = [string, string, number, string | null, string, string, boolean, string | null];

async function readPage(
  client: ClientBase,
  { horizonMs }: Snapshot,
  page: Page,
): Promise<EventRow[]> {
  const { range, after, isNewestFirst, limit } = page;
  // What comes before the cursor was read already.
  const rest = after
    ? {
        from: isNewestFirst ? range.from : Math.max(range.from, after.time),
        to: isNewestFirst ? Math.min(range.to, after.time + 1) : range.to,
      }
    : range;
  if (rest.from >= rest.to) return [];
  if (rest.from < horizonMs) throw expired(horizonMs);
  const parameters = new SqlParameters();
  const [sign, direction] = isNewestFirst ? ['<', 'DESC'] : ['>', 'ASC'];
  const conditions = [eventConditions(rest, page, parameters)];
  if (after) {
    const key = [
      parameters.bind(timeText(after.time), 'timestamptz'),
      parameters.bind(after.id, 'uuid'),
      parameters.bind(after.userSeq, 'integer'),
    ];
    conditions.push(`(events.time, events.id, events.user_seq) ${sign} (${key.join(', ')})`);
  }
  const { rows } = await client.query<PageRow>({
    text: `
      SELECT (extract(epoch FROM page.time) * 1000)::float8, page.id, page.user_seq, owner.id,
        event_names.name, source.name, page.bot, page.properties::text
      FROM (
        SELECT events.* FROM ${eventTables({ filters: page.filters })}
        WHERE ${conditions.join(' AND ')}
        ORDER BY events.time ${direction}, events.id ${direction}, events.user_seq ${direction}
        LIMIT ${parameters.bind(limit, 'integer')}
      ) AS page
      JOIN event_names ON event_names.id = page.name_id
      JOIN sources AS source ON source.id = page.source_id
      LEFT JOIN users AS owner ON owner.seq = page.user_seq
      ORDER BY page.time ${direction}, page.id ${direction}, page.user_seq ${direction}`,
    values: parameters.values,
    rowMode: 'array',
  });
  return rows.map(([time, id, userSeq, user, event, source, bot, properties]) => ({
    key: { time: Math.floor(Number(time)), id, userSeq },
    user: user ?? undefined,
    event,
    source,
    bot,
    properties: properties ?? undefined,
  }));
}
