import type { ClientBase } from 'pg';
import { inTransaction } from '../database/in-transaction.js';
import { DAY } from './grains.js';
import { minuteText } from './sql-values.js';

/**
 * Locks that keep the horizons where they are for the rest of a transaction, whose first statement
 * this has to be: LOCK takes no snapshot, so that what is read after it is from after the wait. Events
 * are locked as well, in the order in which TRUNCATE takes them.
 */
export const HOLD_HORIZON = `LOCK TABLE horizon IN ROW SHARE MODE;
  LOCK TABLE ONLY events IN ACCESS SHARE MODE`;

/** Minutes below wait to be read anew, which needs their raw events. */
export class PendingRepairsError extends Error {
  override name = 'PendingRepairsError';
}

/** Where horizons are to be, in minutes. */
export interface HorizonTargets {
  /** Of every source, those included that come later. */
  all?: number | undefined;
  /** Of single sources, by `sources.id`. */
  sources?: ReadonlyMap<number, number> | undefined;
  /** Of the rollups: a day's first minute. It stays where raw events of any source begin, at most. */
  rollups?: number | undefined;
}

const LOCK_TIMEOUT_MS = 2_000;

/**
 * Gives up raw events before a minute; no horizon ever moves back. Whoever removes the events does so
 * after this has returned: no query and no writer that knew the old horizons is left then.
 *
 * @param to a minute for every source, or what is to move
 * @param lockTimeoutMs writers wait behind whoever waits for the lock
 * @throws the database's error 55P03 where a writer or query takes longer than that: try again
 * @throws PendingRepairsError when minutes below have to be read anew before: fold, and try again
 */
export async function moveHorizon(
  client: ClientBase,
  to: number | HorizonTargets,
  lockTimeoutMs = LOCK_TIMEOUT_MS,
): Promise<void> {
  const targets = typeof to === 'number' ? { all: to } : to;
  await withoutOthers(client, () => move(client, targets), lockTimeoutMs);
  // Who held the lock before the commit may have a snapshot from before it.
  await withoutOthers(client, async () => {}, lockTimeoutMs);
}

async function move(client: ClientBase, targets: HorizonTargets): Promise<void> {
  const { all, sources = new Map<number, number>(), rollups } = targets;
  const latest = Math.max(all ?? Number.NEGATIVE_INFINITY, ...sources.values());
  const { rows } = await client.query<{ pending: boolean }>(
    'SELECT EXISTS (SELECT FROM rollup_repairs WHERE minute < $1) AS pending',
    [minuteText(latest)],
  );
  if (rows[0]!.pending) throw new PendingRepairsError('minutes wait to be read anew');
  if (all !== undefined) {
    await client.query('UPDATE horizon SET raw_from = greatest(raw_from, $1)', [minuteText(all)]);
  }
  await client.query(
    `INSERT INTO source_horizons AS own (source_id, raw_from)
     SELECT * FROM unnest($1::smallint[], $2::timestamptz[])
     ON CONFLICT (source_id) DO UPDATE SET raw_from = excluded.raw_from
     WHERE excluded.raw_from > own.raw_from`,
    [[...sources.keys()], [...sources.values()].map((minute) => minuteText(minute))],
  );
  if (rollups === undefined) return;
  await client.query(
    `UPDATE horizon SET rollups_from = greatest(rollups_from,
       date_bin('24 hours', least(raw_from, $1), '0001-01-01 00:00:00Z'))
     WHERE isfinite(raw_from)`,
    [minuteText(Math.floor(rollups / DAY) * DAY)],
  );
}

/**
 * Does something while no one writes events or asks: what is committed before it is seen by all who
 * come after it.
 *
 * @throws the database's error 55P03 where the lock isn't had in time
 */
export async function withoutOthers(
  client: ClientBase,
  work: () => Promise<void>,
  lockTimeoutMs: number,
): Promise<void> {
  await inTransaction(client, async () => {
    await client.query(`SET LOCAL lock_timeout = ${Math.ceil(lockTimeoutMs)}`);
    await client.query('LOCK TABLE horizon IN EXCLUSIVE MODE');
    await work();
  });
}
