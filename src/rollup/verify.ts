import type { ClientBase } from 'pg';
import { GRAINS, MINUTE, type Grain } from './grains.js';
import { HOLD_HORIZON, readHorizon } from './horizon.js';
import { readRawMinutes, rollUpMinutes } from './raw-minutes.js';
import { BelowHorizonError } from './rebuild.js';
import { RollupNames } from './rollup-names.js';
import {
  inBuckets,
  keyText,
  readRange,
  RollupTable,
  withAllNames,
  type RollupKey,
  type RollupRow,
} from './rollup-rows.js';
import { minuteText, readIntegers, toMinute } from './sql-values.js';
import { UserSet } from './user-set.js';

/** One row that isn't what the raw events come to. */
export interface Difference extends RollupKey {
  /** By the raw events, or by the smaller buckets of which it should be made. */
  expected: { events: number; users: number };
  found: { events: number; users: number };
}

/**
 * Compares the rollups of some minutes of one day with the raw events, in one snapshot: minutes with
 * what waits to be folded, larger buckets with the smaller ones.
 *
 * @param from the first minute
 * @param to the minute behind the last, of the same day
 * @throws BelowHorizonError where raw events of these minutes are gone
 */
export async function verifyMinutes(
  client: ClientBase,
  from: number,
  to: number,
): Promise<Difference[]> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    await client.query(HOLD_HORIZON);
    if (from < (await readHorizon(client))) {
      throw new BelowHorizonError('Raw events of these minutes are no longer kept');
    }
    return [
      ...(await compareMinutes(client, from, to)),
      ...(await compareLarger(client, from, to)),
    ];
  } finally {
    await client.query('ROLLBACK');
  }
}

async function compareMinutes(client: ClientBase, from: number, to: number): Promise<Difference[]> {
  const names = await RollupNames.read(client);
  const expected = withAllNames(rollUpMinutes(await readRawMinutes(client, from, to), names));
  const found = new RollupTable();
  for (const row of await readRange(client, MINUTE, from, to)) {
    found.add(row, row.events, row.users);
  }
  for (const row of withAllNames(await readDeltas(client, from, to, names))) {
    found.add(row, row.events, row.users);
  }
  const pending = await readPending(client, from, to);
  return compare(expected, found.values()).filter(({ bucket }) => !pending.has(bucket));
}

/** Buckets that lie in the range as a whole. */
async function compareLarger(client: ClientBase, from: number, to: number): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const [index, grain] of GRAINS.entries()) {
    if (index === 0) continue;
    const start = Math.ceil(from / grain) * grain;
    const end = Math.floor(to / grain) * grain;
    if (start >= end) continue;
    const smaller = await readRange(client, GRAINS[index - 1] as Grain, start, end);
    const found = await readRange(client, grain, start, end);
    differences.push(...compare(inBuckets(smaller, grain), found));
  }
  return differences;
}

function compare(expected: readonly RollupRow[], found: readonly RollupRow[]): Difference[] {
  const rows = new Map(found.map((row) => [keyText(row), row]));
  const differences: Difference[] = [];
  for (const row of expected) {
    const other = rows.get(keyText(row));
    rows.delete(keyText(row));
    if (!other || !isEqual(row, other)) differences.push(difference(row, row, other));
  }
  for (const row of rows.values()) {
    if (row.events !== 0 || !row.users.isEmpty) differences.push(difference(row, undefined, row));
  }
  return differences;
}

function isEqual(one: RollupRow, other: RollupRow): boolean {
  return (
    one.events === other.events &&
    one.users.size === other.users.size &&
    one.users.without(other.users).isEmpty
  );
}

function difference(
  { grain, bucket, sourceId, bot, nameId }: RollupKey,
  expected: RollupRow | undefined,
  found: RollupRow | undefined,
): Difference {
  return {
    grain,
    bucket,
    sourceId,
    bot,
    nameId,
    expected: { events: expected?.events ?? 0, users: expected?.users.size ?? 0 },
    found: { events: found?.events ?? 0, users: found?.users.size ?? 0 },
  };
}

async function readDeltas(
  client: ClientBase,
  from: number,
  to: number,
  names: RollupNames,
): Promise<RollupRow[]> {
  const { rows } = await client.query<{
    minute: number;
    source_id: number;
    bot: boolean;
    name_id: number;
    events: number;
    users: string | null;
  }>(
    `SELECT ${toMinute('minute')} AS minute, source_id, bot, name_id, events, users::text AS users
     FROM rollup_deltas WHERE minute >= $1 AND minute < $2`,
    [minuteText(from), minuteText(to)],
  );
  const table = new RollupTable();
  for (const row of rows) {
    const key = {
      grain: MINUTE,
      bucket: row.minute,
      sourceId: row.source_id,
      bot: row.bot,
      nameId: names.rolledUpAs(row.source_id, row.name_id),
    } as const;
    table.add(key, row.events, UserSet.of(readIntegers(row.users)));
  }
  return table.values();
}

/** Minutes that are read from the raw events for now, so that their rows don't matter. */
async function readPending(client: ClientBase, from: number, to: number): Promise<Set<number>> {
  const { rows } = await client.query<{ minute: number }>(
    `SELECT DISTINCT ${toMinute('minute')} AS minute FROM rollup_repairs
     WHERE minute >= $1 AND minute < $2`,
    [minuteText(from), minuteText(to)],
  );
  return new Set(rows.map(({ minute }) => minute));
}
