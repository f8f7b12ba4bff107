import type { ClientBase } from 'pg';
import { daysOf, DELTAS, REPAIRS } from './days.js';
import { DAY } from './grains.js';
import { ROLLUP_LOCKS } from './locks.js';
import { minuteKey, type MinuteFigures } from './raw-minutes.js';
import { rebuildRepairs } from './rebuild.js';
import { RollupNames } from './rollup-names.js';
import {
  keyText,
  readRows,
  RollupTable,
  withAllNames,
  withLargerBuckets,
  writeRows,
  type RollupRow,
} from './rollup-rows.js';
import { minuteText, readIntegers, toMinute } from './sql-values.js';
import { UserSet } from './user-set.js';

/** What one transaction takes: it's all in memory at once. */
const MAX_DELTAS = 10_000;
const MAX_EVENTS = 200_000;

/** Transactions of one day in a pass. */
const MAX_ROUNDS = 100;

/** What a pass has done. */
export interface Folded {
  deltas: number;
  /** Minutes that were read anew. */
  repaired: number;
}

/**
 * Adds what was written since the last time to the rollups, and reads the minutes anew whose events
 * were changed or removed. Any number of processes may do so at once: each takes days that no other
 * has. Every day is a transaction of its own.
 */
export async function fold(client: ClientBase, signal?: AbortSignal): Promise<Folded> {
  const total: Folded = { deltas: 0, repaired: 0 };
  for (const day of await daysOf(client, REPAIRS)) {
    if (signal?.aborted) return total;
    total.repaired += await rebuildRepairs(client, day);
  }
  for (const day of await daysOf(client, DELTAS)) {
    // What keeps coming waits for the next pass, so that other days have their turn.
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const taken = signal?.aborted ? 0 : await foldDay(client, day);
      if (taken === 0) break;
      total.deltas += taken;
    }
  }
  return total;
}

/** @returns how many deltas were taken; 0 where there are none, or another folder has the day */
async function foldDay(client: ClientBase, day: number): Promise<number> {
  await client.query('BEGIN');
  try {
    const { rows } = await client.query<{ taken: boolean }>(
      'SELECT pg_try_advisory_xact_lock($1, $2) AS taken',
      [ROLLUP_LOCKS, day],
    );
    const deltas = rows[0]!.taken ? await takeDeltas(client, day) : [];
    if (deltas.length > 0) await addToRollups(client, deltas);
    await client.query('COMMIT');
    return deltas.length;
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

/**
 * No one else removes deltas of this day: who does holds its lock. Of the first minutes as many as
 * one transaction can take; one at least.
 */
async function takeDeltas(client: ClientBase, day: number): Promise<MinuteFigures[]> {
  const { rows } = await client.query<MinuteFigures>(
    `DELETE FROM rollup_deltas WHERE ctid = ANY (ARRAY(
       SELECT ctid FROM (
         SELECT ctid, events, sum(events) OVER (ORDER BY minute, ctid) AS total
         FROM rollup_deltas WHERE minute >= $1 AND minute < $2
         ORDER BY minute, ctid LIMIT ${MAX_DELTAS}
       ) AS first WHERE total - events < ${MAX_EVENTS}
     ))
     RETURNING ${toMinute('minute')} AS minute, source_id, bot, name_id, events, nobody,
       users::text AS users`,
    [minuteText(day * DAY), minuteText((day + 1) * DAY)],
  );
  return rows;
}

async function addToRollups(client: ClientBase, deltas: readonly MinuteFigures[]): Promise<void> {
  const names = await RollupNames.of(client, deltas);
  const minutes = withAllNames(byMinute(deltas, names));
  const added = withLargerBuckets(minutes);
  const stored = new Map((await readRows(client, added)).map((row) => [keyText(row), row]));
  await writeRows(
    client,
    added.map((row) => addUp(row, stored.get(keyText(row)))),
  );
}

function addUp(added: RollupRow, stored: RollupRow | undefined): RollupRow {
  if (!stored) return added;
  stored.users.add(added.users);
  return {
    ...stored,
    events: stored.events + added.events,
    nobody: stored.nobody + added.nobody,
  };
}

interface DeltaGroup {
  first: MinuteFigures;
  events: number;
  nobody: number;
  users: Int32Array[];
}

/** Deltas of one minute and name come in numbers: their users are put together before they are sorted. */
function byMinute(deltas: readonly MinuteFigures[], names: RollupNames): RollupRow[] {
  const groups = new Map<string, DeltaGroup>();
  for (const delta of deltas) {
    const key = `${delta.minute} ${delta.source_id} ${delta.bot ? 1 : 0} ${delta.name_id}`;
    const group = groups.get(key) ?? { first: delta, events: 0, nobody: 0, users: [] };
    group.events += Number(delta.events);
    group.nobody += Number(delta.nobody);
    group.users.push(readIntegers(delta.users));
    groups.set(key, group);
  }
  const table = new RollupTable();
  for (const { first, events, nobody, users } of groups.values()) {
    const key = minuteKey(first, names);
    table.add({ ...key, events, nobody, users: UserSet.of(concatenate(users)) });
  }
  return table.values();
}

function concatenate(parts: readonly Int32Array[]): Int32Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
