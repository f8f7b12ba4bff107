import type { ClientBase } from 'pg';
import { toMinute, minuteText } from './sql-values.js';

/** Raw events from here on are there, in minutes; -Infinity where none was ever removed. */
export async function readHorizon(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ minute: number | null }>(
    `SELECT CASE WHEN isfinite(raw_from) THEN ${toMinute('raw_from')} END AS minute FROM horizon`,
  );
  return rows[0]!.minute ?? Number.NEGATIVE_INFINITY;
}

/**
 * Locks that keep the horizon where it is for the rest of a transaction, whose first statement this
 * has to be: LOCK takes no snapshot, so that what is read after it is from after the wait. Events are
 * locked as well, in the order in which TRUNCATE takes them.
 */
export const HOLD_HORIZON = `LOCK TABLE horizon IN ROW SHARE MODE;
  LOCK TABLE ONLY events IN ACCESS SHARE MODE`;

/** Minutes below wait to be read anew, which needs their raw events. */
class PendingRepairsError extends Error {
  override name = 'PendingRepairsError';
}

const LOCK_TIMEOUT = '2s';

/**
 * Gives up the raw events before a minute; the horizon never moves back. Whoever removes the events
 * does so after this has returned: no query and no writer that knew the old horizon is left then.
 *
 * @throws the database's error 55P03 where one of those takes longer than 2 s: try again
 * @throws PendingRepairsError when minutes below have to be read anew before: fold, and try again
 */
export async function moveHorizon(client: ClientBase, minute: number): Promise<void> {
  await locked(client, async () => {
    const { rows } = await client.query<{ pending: boolean }>(
      'SELECT EXISTS (SELECT FROM rollup_repairs WHERE minute < $1) AS pending',
      [minuteText(minute)],
    );
    if (rows[0]!.pending) throw new PendingRepairsError('minutes wait to be read anew');
    await client.query('UPDATE horizon SET raw_from = greatest(raw_from, $1)', [
      minuteText(minute),
    ]);
  });
  // Who held the lock before the commit may have a snapshot from before it.
  await locked(client, async () => {});
}

async function locked(client: ClientBase, work: () => Promise<void>): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
    await client.query('LOCK TABLE horizon IN EXCLUSIVE MODE');
    await work();
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}
