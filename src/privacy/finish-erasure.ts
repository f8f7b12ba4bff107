import type { ClientBase } from 'pg';
import { inTransaction } from '../database/in-transaction.js';
import { daysOf, REPAIRS } from '../rollup/days.js';
import { eraseUsers } from '../rollup/erase.js';
import { rebuildRepairs } from '../rollup/rebuild.js';
import { ERASURE_LOCKS, type Removed } from './erasure.js';
import { removeEvents } from './remove-events.js';
import { rolledUpDays } from './rolled-up-days.js';
import { sampleAnew } from './statistics.js';

interface OpenErasure {
  seqs: number[];
  tables: string[];
}

/**
 * Does what an erasure has left: the events of who had very many, rollups, the planner's statistics. What
 * was done already changes nothing when it's done again, so that it can be broken off anywhere. The
 * session holds the erasure's lock, and has no limit for its statements.
 */
export async function finishErasure(client: ClientBase, id: number): Promise<void> {
  const { rows } = await client.query<OpenErasure>(
    `SELECT user_seqs AS seqs, analyze_tables AS tables FROM erasures
     WHERE id = $1 AND finished_at IS NULL`,
    [id],
  );
  const [open] = rows;
  if (!open) return;
  if (open.seqs.length > 0) {
    await removeRest(client, id, open.seqs);
    await correctRollups(client, id, open.seqs);
  }
  await sampleAnew(client, open.tables);
  await client.query(
    `UPDATE erasures SET finished_at = clock_timestamp(), user_seqs = '{}', analyze_tables = '{}'
     WHERE id = $1`,
    [id],
  );
}

/** The erasures that somebody has begun and nobody works on: their process ended. */
export async function takeOpenErasure(client: ClientBase): Promise<number | undefined> {
  const { rows } = await client.query<{ id: number }>(
    'SELECT id FROM erasures WHERE finished_at IS NULL ORDER BY id LIMIT 100',
  );
  for (const { id } of rows) {
    const taken = await client.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_lock($1, $2) AS taken',
      [ERASURE_LOCKS, id],
    );
    if (taken.rows[0]!.taken) return id;
  }
  return undefined;
}

export async function releaseErasure(client: ClientBase, id: number): Promise<void> {
  await client.query('SELECT pg_advisory_unlock($1, $2)', [ERASURE_LOCKS, id]);
}

/** @returns what the record of an erasure says that it removed */
export async function readRemoved(client: ClientBase, id: number): Promise<Removed> {
  const { rows } = await client.query<{ removed: Removed }>(
    'SELECT removed FROM erasures WHERE id = $1',
    [id],
  );
  return rows[0]!.removed;
}

/** Adds to what the record says. */
export async function addRemoved(
  client: ClientBase,
  id: number,
  more: Partial<Removed>,
): Promise<void> {
  await client.query(
    `UPDATE erasures SET removed = removed || (
       SELECT jsonb_object_agg(key, (coalesce(removed -> key, '0')::bigint + value::bigint))
       FROM jsonb_each_text($2::jsonb) AS more (key, value)
     ) WHERE id = $1`,
    [id, more],
  );
}

async function removeRest(client: ClientBase, id: number, seqs: readonly number[]): Promise<void> {
  await inTransaction(client, async () => {
    await addRemoved(client, id, await removeEvents(client, seqs));
  });
}

/** What folders would do soon is done now: afterwards no set has the numbers. */
async function correctRollups(
  client: ClientBase,
  id: number,
  seqs: readonly number[],
): Promise<void> {
  const days = new Set<number>();
  for await (const { bucket } of rolledUpDays(client, seqs)) days.add(bucket);
  await eraseUsers(client, seqs);
  for (const day of await daysOf(client, REPAIRS)) await rebuildRepairs(client, day);
  if (days.size > 0) await addRemoved(client, id, { rollup_days: days.size });
}
