import type { ClientBase } from 'pg';
import { daysOf, ROLLED_UP_DAYS } from '../rollup/days.js';
import { ALL_NAMES, DAY } from '../rollup/grains.js';
import { readHorizons } from '../rollup/horizons.js';
import { readRange, type RollupRow } from '../rollup/rollup-rows.js';
import { UserSet } from '../rollup/user-set.js';

/**
 * Rollups of days in which users stand, of days that raw events are gone of, be it in part: all that is
 * kept of what they did then. One for each source, bot flag and event name.
 */
export async function* rolledUpDays(
  client: ClientBase,
  seqs: readonly number[],
): AsyncGenerator<RollupRow> {
  const horizons = await readHorizons(client);
  if (!Number.isFinite(horizons.latest()) || seqs.length === 0) return;
  const users = UserSet.of(seqs);
  const end = Math.ceil(horizons.latest() / DAY) * DAY;
  for (const day of await daysOf(client, ROLLED_UP_DAYS, Number.NEGATIVE_INFINITY, end)) {
    for (const row of await readRange(client, DAY, day * DAY, (day + 1) * DAY)) {
      const isGone = horizons.isGone(row.sourceId, day * DAY);
      if (isGone && row.nameId !== ALL_NAMES && row.users.intersects(users)) yield row;
    }
  }
}
