import type { ClientBase } from 'pg';
import { MINUTE } from './grains.js';
import type { RollupNames } from './rollup-names.js';
import { RollupTable, type RollupRow } from './rollup-rows.js';
import { minuteOf, minuteText, readIntegers, toMinute } from './sql-values.js';
import { UserSet } from './user-set.js';

interface RawMinute {
  minute: number;
  source_id: number;
  bot: boolean;
  name_id: number;
  events: string;
  users: string | null;
}

/** What the raw events of some minutes come to, by source, bot and name as they were recorded. */
export async function readRawMinutes(
  client: ClientBase,
  from: number,
  to: number,
): Promise<RawMinute[]> {
  const { rows } = await client.query<RawMinute>(
    `SELECT ${toMinute('minute')} AS minute, source_id, bot, name_id, count(*) AS events,
       array_agg(user_seq) FILTER (WHERE user_seq > 0)::text AS users
     FROM (
       SELECT ${minuteOf('time')} AS minute, source_id, bot, name_id, user_seq
       FROM events WHERE time >= $1 AND time < $2 AND name_id > 0
     ) AS raw
     GROUP BY raw.minute, source_id, bot, name_id`,
    [minuteText(from), minuteText(to)],
  );
  return rows;
}

/** As they are rolled up. */
export function rollUpMinutes(raw: readonly RawMinute[], names: RollupNames): RollupRow[] {
  const table = new RollupTable();
  for (const row of raw) {
    const key = {
      grain: MINUTE,
      bucket: row.minute,
      sourceId: row.source_id,
      bot: row.bot,
      nameId: names.rolledUpAs(row.source_id, row.name_id),
    } as const;
    table.add(key, Number(row.events), UserSet.of(readIntegers(row.users)));
  }
  return table.values();
}
