import type { ClientBase } from 'pg';
import { liftDecompressionLimit } from '../database/compression.js';
import { inTransaction } from '../database/in-transaction.js';
import { daysOf, DELTAS, ROLLED_UP_DAYS } from './days.js';
import { DAY, MINUTE } from './grains.js';
import { readHorizons } from './horizons.js';
import { rebuildLarger, withDay } from './rebuild.js';
import { readRange, writeRows } from './rollup-rows.js';
import { minuteText } from './sql-values.js';
import { UserSet } from './user-set.js';

/**
 * Takes users out of everything that is kept of them: their raw events are deleted, whose minutes
 * folders then read anew, and answers until then. Below the horizon of an event's source, where there
 * are none, or such as are about to be removed, their numbers are taken out of every set: the counts
 * of events there stay, and point to no one. Nobody's events, which are told apart, don't become more
 * by it.
 */
export async function eraseUsers(client: ClientBase, users: readonly number[]): Promise<void> {
  await deleteEvents(client, users);
  // Afterwards: the minutes of what lay above then are read anew before a horizon passes them.
  const horizon = (await readHorizons(client)).latest();
  if (!Number.isFinite(horizon)) return;
  const days = new Set<number>();
  for (const place of [DELTAS, ROLLED_UP_DAYS]) {
    for (const day of await daysOf(client, place, Number.NEGATIVE_INFINITY, horizon)) days.add(day);
  }
  for (const day of days) await withDay(client, day, () => eraseOnDay(client, day, users));
}

/** However many compressed events have to be looked through for them, where there are any. */
async function deleteEvents(client: ClientBase, users: readonly number[]): Promise<void> {
  await inTransaction(client, async () => {
    await liftDecompressionLimit(client);
    await client.query('DELETE FROM events WHERE user_seq = ANY ($1)', [users]);
  });
}

/** Of minutes below their source's horizon alone: above it the raw events say who was there. */
async function eraseOnDay(
  client: ClientBase,
  day: number,
  users: readonly number[],
): Promise<void> {
  const horizons = await readHorizons(client);
  const [from, to] = [day * DAY, Math.min((day + 1) * DAY, horizons.latest())];
  await client.query(
    `UPDATE rollup_deltas SET users = ARRAY(
       SELECT kept FROM unnest(users) AS kept WHERE kept <> ALL ($3))
     WHERE minute >= $1 AND minute < $2 AND users && $3::integer[]
       AND minute < greatest((SELECT raw_from FROM horizon),
         (SELECT raw_from FROM source_horizons AS own
          WHERE own.source_id = rollup_deltas.source_id))`,
    [minuteText(from), minuteText(to), users],
  );
  const erased = UserSet.of(users);
  const rows = await readRange(client, MINUTE, from, to);
  const changed = rows.filter(
    ({ sourceId, bucket, users: stored }) =>
      horizons.isGone(sourceId, bucket) && stored.intersects(erased),
  );
  if (changed.length === 0) return;
  for (const row of changed) row.users.remove(erased);
  await writeRows(client, changed);
  await rebuildLarger(client, from, to);
}
