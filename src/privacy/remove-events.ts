import type { ClientBase } from 'pg';
import { liftDecompressionLimit } from '../database/compression.js';
import { minuteOf } from '../rollup/sql-values.js';
import type { Removed } from './erasure.js';

/** Raw events of users, wherever they lie. Triggers note the minutes, which are read anew. */
export async function removeEvents(
  client: ClientBase,
  seqs: readonly number[],
): Promise<Pick<Removed, 'events' | 'rollup_minutes'>> {
  await liftDecompressionLimit(client);
  const { rows } = await client.query<{ events: number; minutes: number }>(
    `WITH removed AS (
       DELETE FROM events WHERE user_seq = ANY ($1::integer[]) RETURNING time
     )
     SELECT count(*)::float8 AS events, count(DISTINCT ${minuteOf('time')})::float8 AS minutes
     FROM removed`,
    [seqs],
  );
  return { events: rows[0]!.events, rollup_minutes: rows[0]!.minutes };
}
