import type { ClientBase } from 'pg';
import { GRAINS } from './grains.js';
import { minuteText } from './sql-values.js';

/** What lies on days, with the column that an index finds it by. */
interface Place {
  table: string;
  time: string;
  where?: string;
}

export const DELTAS: Place = { table: 'rollup_deltas', time: 'minute' };
export const REPAIRS: Place = { table: 'rollup_repairs', time: 'minute' };
const EVENTS: Place = { table: 'events', time: 'time', where: 'place.name_id > 0' };
const ROLLUPS: Place[] = GRAINS.map((grain) => ({
  table: 'rollups',
  time: 'bucket',
  where: `place.grain = ${grain}`,
}));

export const ROLLED_UP_DAYS = ROLLUPS.at(-1)!;

/** By arithmetic in UTC: a day of the session's zone may have 23 or 25 hours. */
const startOfDay = (time: string): string =>
  `date_bin('24 hours', ${time}, '0001-01-01 00:00:00Z')`;

/**
 * Jumps from day to day along the index: there may be many rows of few days, and centuries between
 * two of them.
 *
 * @param from the first minute
 * @param to the minute behind the last
 * @returns the days on which there is anything, in rising order
 */
export async function daysOf(
  client: ClientBase,
  { table, time, where = 'true' }: Place,
  from = Number.NEGATIVE_INFINITY,
  to = Number.POSITIVE_INFINITY,
): Promise<number[]> {
  const first = (start: string): string =>
    `SELECT place.${time} FROM ${table} AS place
     WHERE ${where} AND place.${time} >= ${start} AND place.${time} < $2
     ORDER BY place.${time} LIMIT 1`;
  const { rows } = await client.query<{ day: number }>(
    `WITH RECURSIVE found (time) AS (
       (${first('$1')})
       UNION ALL
       SELECT (${first(`${startOfDay('found.time')} + interval '24 hours'`)})
       FROM found WHERE found.time IS NOT NULL
     )
     SELECT (extract(epoch FROM ${startOfDay('time')}) / 86400)::float8 AS day
     FROM found WHERE time IS NOT NULL`,
    [minuteText(from), minuteText(to)],
  );
  return rows.map(({ day }) => day);
}

/** Days on which there are events, rollups, or minutes that wait, within a range of minutes. */
export async function daysWithAnything(
  client: ClientBase,
  from: number,
  to: number,
): Promise<number[]> {
  const days = new Set<number>();
  for (const place of [EVENTS, DELTAS, REPAIRS, ...ROLLUPS]) {
    for (const day of await daysOf(client, place, from, to)) days.add(day);
  }
  return [...days].toSorted((a, b) => a - b);
}
