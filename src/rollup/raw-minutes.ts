import type { ClientBase } from 'pg';
import { MINUTE } from './grains.js';
import { isAboveHorizon } from './horizons.js';
import type { RollupNames } from './rollup-names.js';
import { RollupTable, type RollupKey, type RollupRow } from './rollup-rows.js';
import { minuteOf, minuteText, readIntegers, toMinute } from './sql-values.js';
import { UserSet } from './user-set.js';

/** Of one minute, source and name, as events or deltas tell. */
export interface MinuteFigures {
  minute: number;
  source_id: number;
  bot: boolean;
  name_id: number;
  events: string | number;
  nobody: string | number;
  users: string | null;
}

/** What is read at once is all in memory: about 150 MB. */
const MAX_EVENTS = 1_000_000;
/** Not worth counting before. */
const FEW_MINUTES = 60;

/**
 * Cuts minutes into pieces whose events can be read at once; one of a single minute may have more.
 *
 * @returns `[from, to)` of each, which together are all of the minutes
 */
export async function cutByEvents(
  client: ClientBase,
  from: number,
  to: number,
  maxEvents = MAX_EVENTS,
): Promise<[number, number][]> {
  if (to - from <= FEW_MINUTES) return [[from, to]];
  const { rows } = await client.query<{ minute: number; events: number }>(
    `SELECT ${toMinute('minute')} AS minute, events FROM (
       SELECT ${minuteOf('time')} AS minute, count(*)::float8 AS events
       FROM events WHERE time >= $1 AND time < $2 GROUP BY 1
     ) AS counted ORDER BY counted.minute`,
    [minuteText(from), minuteText(to)],
  );
  const starts = [from];
  let total = 0;
  for (const { minute, events } of rows) {
    total += events;
    if (total <= maxEvents || minute === starts.at(-1)) continue;
    starts.push(minute);
    total = events;
  }
  return starts.map((start, index) => [start, starts[index + 1] ?? to]);
}

/**
 * What the raw events of some minutes come to, by source, bot and name as they were recorded. Such as
 * wait for their removal don't count.
 */
export async function readRawMinutes(
  client: ClientBase,
  from: number,
  to: number,
): Promise<MinuteFigures[]> {
  const { rows } = await client.query<MinuteFigures>(
    `SELECT ${toMinute('minute')} AS minute, source_id, bot, name_id, count(*) AS events,
       count(*) FILTER (WHERE user_seq = 0) AS nobody,
       array_agg(user_seq) FILTER (WHERE user_seq > 0)::text AS users
     FROM (
       SELECT ${minuteOf('time')} AS minute, source_id, bot, name_id, user_seq
       FROM events WHERE time >= $1 AND time < $2 AND name_id > 0
         AND ${isAboveHorizon('events', 'time')}
     ) AS raw
     GROUP BY raw.minute, source_id, bot, name_id`,
    [minuteText(from), minuteText(to)],
  );
  return rows;
}

/** As they are rolled up. */
export function rollUpMinutes(raw: readonly MinuteFigures[], names: RollupNames): RollupRow[] {
  const table = new RollupTable();
  for (const row of raw) {
    table.add({
      ...minuteKey(row, names),
      events: Number(row.events),
      nobody: Number(row.nobody),
      users: UserSet.of(readIntegers(row.users)),
    });
  }
  return table.values();
}

/** What such events are rolled up under. */
export function minuteKey(row: MinuteFigures, names: RollupNames): RollupKey {
  return {
    grain: MINUTE,
    bucket: row.minute,
    sourceId: row.source_id,
    bot: row.bot,
    nameId: names.rolledUpAs(row.source_id, row.name_id),
  };
}
