import type { ClientBase } from 'pg';
import { inTransaction } from '../database/in-transaction.js';
import { bucketOf, DAY, GRAINS } from './grains.js';
import { HOLD_HORIZON } from './horizon.js';
import { isAboveHorizon, readHorizons } from './horizons.js';
import { ROLLUP_LOCKS } from './locks.js';
import { cutByEvents, readRawMinutes, rollUpMinutes } from './raw-minutes.js';
import { RollupNames } from './rollup-names.js';
import {
  dayOf,
  deleteMinutes,
  deleteRange,
  inBuckets,
  readRange,
  withAllNames,
  writeRows,
} from './rollup-rows.js';
import { minuteText, toMinute } from './sql-values.js';

const SERIALIZATION_FAILURE = '40001';
const TRIES = 10;

/** There are no raw events to rebuild from. */
export class BelowHorizonError extends Error {
  override name = 'BelowHorizonError';
}

/**
 * Makes the rollups of some minutes of one day anew, from the raw events. Those of sources whose raw
 * events of a minute are gone stay as they are.
 *
 * It works on one snapshot: of the deltas those are removed which it sees, since its events hold
 * what they tell, and what is written meanwhile keeps its own. The lock of the day is taken before
 * the snapshot, as one taken within it would still show the state from before the wait.
 *
 * @param from the first minute
 * @param to the minute behind the last, of the same day
 * @returns how many rows were written
 * @throws BelowHorizonError where raw events of every source are gone
 */
export async function rebuildMinutes(
  client: ClientBase,
  from: number,
  to: number,
): Promise<number> {
  return withDay(client, dayOf(from), async () => {
    if (from < (await readHorizons(client)).earliest) {
      throw new BelowHorizonError('Raw events of these minutes are no longer kept');
    }
    return rebuild(client, from, to);
  });
}

/** @returns how many minutes of the day were read anew */
export async function rebuildRepairs(client: ClientBase, day: number): Promise<number> {
  return withDay(client, day, async () => {
    const { rows } = await client.query<{ minute: number }>(
      `SELECT DISTINCT ${toMinute('minute')} AS minute FROM rollup_repairs
       WHERE minute >= $1 AND minute < $2 ORDER BY 1`,
      [minuteText(day * DAY), minuteText((day + 1) * DAY)],
    );
    const horizon = (await readHorizons(client)).earliest;
    // Below it there is nothing to read anew.
    await client.query('DELETE FROM rollup_repairs WHERE minute < $1', [minuteText(horizon)]);
    const minutes = rows.map(({ minute }) => minute).filter((minute) => minute >= horizon);
    for (const [from, to] of runsOf(minutes)) await replaceMinutes(client, from, to);
    // Once for all of them: there may be hundreds.
    if (minutes.length > 0) await rebuildLarger(client, minutes[0]!, minutes.at(-1)! + 1);
    return rows.length;
  });
}

/** Puts minutes that follow on each other together: `[from, to)`. */
function runsOf(minutes: readonly number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const minute of minutes) {
    const last = runs.at(-1);
    if (last?.[1] === minute) last[1] = minute + 1;
    else runs.push([minute, minute + 1]);
  }
  return runs;
}

/** Works on the rollups of a day, in one snapshot, while no one else does. */
export async function withDay<Result>(
  client: ClientBase,
  day: number,
  work: () => Promise<Result>,
): Promise<Result> {
  await client.query('SELECT pg_advisory_lock($1, $2)', [ROLLUP_LOCKS, day]);
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await inSnapshot(client, work);
      } catch (error) {
        const isConflict = (error as { code?: string }).code === SERIALIZATION_FAILURE;
        if (!isConflict || attempt === TRIES) throw error;
      }
    }
  } finally {
    await client.query('SELECT pg_advisory_unlock($1, $2)', [ROLLUP_LOCKS, day]);
  }
}

async function inSnapshot<Result>(
  client: ClientBase,
  work: () => Promise<Result>,
): Promise<Result> {
  const held = async (): Promise<Result> => {
    await client.query(HOLD_HORIZON);
    return await work();
  };
  return await inTransaction(client, held, 'ISOLATION LEVEL REPEATABLE READ');
}

/** @returns how many rows were written */
async function rebuild(client: ClientBase, from: number, to: number): Promise<number> {
  const count = await replaceMinutes(client, from, to);
  return count + (await rebuildLarger(client, from, to));
}

async function replaceMinutes(client: ClientBase, from: number, to: number): Promise<number> {
  const range = [minuteText(from), minuteText(to)];
  await client.query(
    `DELETE FROM rollup_deltas WHERE minute >= $1 AND minute < $2
       AND ${isAboveHorizon('rollup_deltas', 'minute')}`,
    range,
  );
  await client.query('DELETE FROM rollup_repairs WHERE minute >= $1 AND minute < $2', range);
  await deleteMinutes(client, from, to);
  let count = 0;
  for (const [start, end] of await cutByEvents(client, from, to)) {
    count += await rebuildFromRaw(client, start, end);
  }
  return count;
}

async function rebuildFromRaw(client: ClientBase, from: number, to: number): Promise<number> {
  const raw = await readRawMinutes(client, from, to);
  const minutes = withAllNames(rollUpMinutes(raw, await RollupNames.of(client, raw)));
  await writeRows(client, minutes);
  return minutes.length;
}

/** From the next smaller ones: those are there even where raw events are not. */
export async function rebuildLarger(client: ClientBase, from: number, to: number): Promise<number> {
  let count = 0;
  for (const [index, grain] of GRAINS.entries()) {
    if (index === 0) continue;
    const [start, end] = [bucketOf(from, grain), bucketOf(to - 1, grain) + grain];
    const smaller = await readRange(client, GRAINS[index - 1]!, start, end);
    await deleteRange(client, grain, start, end);
    const larger = inBuckets(smaller, grain);
    await writeRows(client, larger);
    count += larger.length;
  }
  return count;
}
