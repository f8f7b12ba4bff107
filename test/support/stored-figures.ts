import type { Client } from 'pg';
import { fold } from '../../src/rollup/fold.js';
import { verifyMinutes, type Difference } from '../../src/rollup/verify.js';
import { until } from './poll.js';

const MINUTES_A_DAY = 1_440;

/** Whose an event is: the person that an anonymous user was merged into. */
const PERSON = `coalesce(
  (SELECT known_seq FROM merges WHERE anonymous_seq = user_seq AND undone_at IS NULL), user_seq)`;

/** Every event, as it lies there. */
export async function allEvents(client: Client): Promise<unknown[]> {
  const { rows } = await client.query(
    `SELECT time, events.id, users.kind AS user_kind, users.id AS user, event_names.name,
       sources.name AS source, bot, properties
     FROM events LEFT JOIN users ON seq = user_seq
     JOIN event_names ON event_names.id = name_id JOIN sources ON sources.id = source_id
     ORDER BY 1, 2, 3, 4`,
  );
  return rows;
}

/** What the original endpoint has to answer for the hour that ends then, bots included. */
export async function hourBySql(client: Client, end: string): Promise<Record<string, number>> {
  const { rows } = await client.query<Record<string, number>>(
    `SELECT count(DISTINCT nullif(${PERSON}, 0))::int AS unique_users,
       count(*) FILTER (WHERE kind = 'click')::int AS clicks,
       count(*) FILTER (WHERE kind = 'impression')::int AS impressions
     FROM events JOIN event_names ON event_names.id = name_id
     WHERE kind <> 'none' AND time BETWEEN $1::timestamptz - interval '1 hour' AND $1`,
    [end],
  );
  return rows[0]!;
}

/** The tuples that a query of `DAILY_QUERY` has to answer. */
export async function daysBySql(client: Client): Promise<unknown[][]> {
  const { rows } = await client.query<unknown[]>({
    rowMode: 'array',
    text: `SELECT to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T00:00:00Z"'), event_names.name,
         sources.name, count(DISTINCT nullif(${PERSON}, 0))::int, count(*)::int
       FROM events JOIN event_names ON event_names.id = name_id
       JOIN sources ON sources.id = source_id
       GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
  });
  return rows;
}

export const DAILY_QUERY = {
  metrics: ['unique_users', 'events'],
  dimensions: ['time:day', 'event', 'source'],
  date_range: 'all',
  bots: 'include',
  fill: false,
  order_by: [
    ['time', 'asc'],
    ['event', 'asc'],
    ['source', 'asc'],
  ],
};

/** Whether all that was stored is in the rollups. */
export async function isFolded(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ waiting: boolean }>(
    `SELECT EXISTS (SELECT FROM rollup_deltas) OR EXISTS (SELECT FROM rollup_repairs) AS waiting`,
  );
  return !rows[0]!.waiting;
}

/** Beside a server, which may have taken some of it. */
export async function foldAll(client: Client): Promise<void> {
  await until(async () => {
    await fold(client);
    return await isFolded(client);
  });
}

/** What `npm run rollups -- verify` would find. */
export async function verifyAll(client: Client): Promise<Difference[]> {
  const { rows } = await client.query<{ day: number }>(
    `SELECT DISTINCT floor(extract(epoch FROM time) / 86400)::int AS day
     FROM events, horizon WHERE time >= raw_from ORDER BY 1`,
  );
  const differences: Difference[] = [];
  for (const { day } of rows) {
    const start = day * MINUTES_A_DAY;
    differences.push(...(await verifyMinutes(client, start, start + MINUTES_A_DAY)));
  }
  return differences;
}
