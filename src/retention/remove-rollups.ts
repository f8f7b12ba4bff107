import type { ClientBase } from 'pg';
import { daysWithAnything } from '../rollup/days.js';
import { DAY, GRAINS } from '../rollup/grains.js';
import { readRollupsFrom } from '../rollup/horizons.js';
import { withDay } from '../rollup/rebuild.js';
import { deleteRange } from '../rollup/rollup-rows.js';
import { minuteText } from '../rollup/sql-values.js';

export async function hasRollupsBelow(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ below: boolean }>(
    `SELECT EXISTS (SELECT FROM rollups, horizon WHERE grain = ANY ($1) AND bucket < rollups_from)
       OR EXISTS (SELECT FROM rollup_deltas, horizon WHERE minute < rollups_from) AS below`,
    [GRAINS],
  );
  return rows[0]!.below;
}

/** @returns of how many days they were removed */
export async function removeRollups(client: ClientBase, signal: AbortSignal): Promise<number> {
  const horizon = await readRollupsFrom(client);
  if (!Number.isFinite(horizon)) return 0;
  let count = 0;
  for (const day of await daysWithAnything(client, Number.NEGATIVE_INFINITY, horizon)) {
    if (signal.aborted) break;
    // No folder has the day meanwhile, and nothing that is written from now on belongs to it.
    await withDay(client, day, () => removeDay(client, day * DAY));
    count += 1;
  }
  return count;
}

async function removeDay(client: ClientBase, from: number): Promise<void> {
  await client.query('DELETE FROM rollup_deltas WHERE minute >= $1 AND minute < $2', [
    minuteText(from),
    minuteText(from + DAY),
  ]);
  for (const grain of GRAINS) await deleteRange(client, grain, from, from + DAY);
}
