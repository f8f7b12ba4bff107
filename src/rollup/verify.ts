import type { ClientBase } from 'pg';
import { GRAINS, MINUTE, type Grain } from './grains.js';
import { HOLD_HORIZON } from './horizon.js';
import { isAboveHorizon, readHorizons } from './horizons.js';
import { cutByEvents, readRawMinutes, rollUpMinutes, type MinuteFigures } from './raw-minutes.js';
import { BelowHorizonError } from './rebuild.js';
import { RollupNames } from './rollup-names.js';
import {
  inBuckets,
  keyText,
  readChecked,
  RollupTable,
  withAllNames,
  type CheckedRow,
  type RollupKey,
  type RollupRow,
} from './rollup-rows.js';
import { minuteText, toMinute } from './sql-values.js';

interface DifferentFigures {
  events: number;
  /** How many of them are nobody's. */
  nobody: number;
  users: number;
}

/** One row that isn't what the raw events come to. */
export interface Difference extends RollupKey {
  /** By the raw events, or by the smaller buckets of which it should be made. */
  expected: DifferentFigures;
  found: DifferentFigures;
  /** What those figures don't show. */
  flaw: string | undefined;
}

/**
 * Compares the rollups of some minutes of one day with the raw events, in one snapshot: minutes with
 * what waits to be folded, larger buckets with the smaller ones. Stored numbers of users are compared
 * with the sets that they belong to. Minutes of sources whose raw events of them are gone have nothing
 * to be compared with: they are what the larger buckets are compared with.
 *
 * @param from the first minute
 * @param to the minute behind the last, of the same day
 * @throws BelowHorizonError where raw events of every source are gone
 */
export async function verifyMinutes(
  client: ClientBase,
  from: number,
  to: number,
): Promise<Difference[]> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    await client.query(HOLD_HORIZON);
    if (from < (await readHorizons(client)).earliest) {
      throw new BelowHorizonError('Raw events of these minutes are no longer kept');
    }
    const differences: Difference[] = [];
    for (const [start, end] of await cutByEvents(client, from, to)) {
      differences.push(...(await compareMinutes(client, start, end)));
    }
    differences.push(...(await compareLarger(client, from, to)));
    return differences.toSorted(inOrder);
  } finally {
    await client.query('ROLLBACK');
  }
}

/** Smaller buckets first: larger ones may differ because of them. */
function inOrder(one: Difference, other: Difference): number {
  return (
    one.grain - other.grain ||
    one.bucket - other.bucket ||
    one.sourceId - other.sourceId ||
    Number(one.bot) - Number(other.bot) ||
    one.nameId - other.nameId
  );
}

async function compareMinutes(client: ClientBase, from: number, to: number): Promise<Difference[]> {
  const names = await RollupNames.read(client);
  const expected = withAllNames(rollUpMinutes(await readRawMinutes(client, from, to), names));
  const horizons = await readHorizons(client);
  const stored = (await readChecked(client, MINUTE, from, to)).filter(
    ({ sourceId, bucket }) => !horizons.isGone(sourceId, bucket),
  );
  const found = new RollupTable();
  for (const row of stored) found.add(row);
  for (const row of withAllNames(await readDeltas(client, from, to, names))) found.add(row);
  const pending = await readPending(client, from, to);
  return compare(expected, found.values(), flawsOf(stored)).filter(
    ({ bucket }) => !pending.has(bucket),
  );
}

/** Buckets that lie in the range as a whole. */
async function compareLarger(client: ClientBase, from: number, to: number): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const [index, grain] of GRAINS.entries()) {
    if (index === 0) continue;
    const start = Math.ceil(from / grain) * grain;
    const end = Math.floor(to / grain) * grain;
    if (start >= end) continue;
    const smaller = await readChecked(client, GRAINS[index - 1] as Grain, start, end);
    const found = await readChecked(client, grain, start, end);
    differences.push(...compare(inBuckets(smaller, grain), found, flawsOf(found)));
  }
  return differences;
}

/** By their keys, what is wrong with rows by themselves. */
function flawsOf(rows: readonly CheckedRow[]): Map<string, string> {
  const flaws = new Map<string, string>();
  for (const row of rows) if (row.flaw !== undefined) flaws.set(keyText(row), row.flaw);
  return flaws;
}

function compare(
  expected: readonly RollupRow[],
  found: readonly RollupRow[],
  flaws: ReadonlyMap<string, string>,
): Difference[] {
  const rows = new Map(found.map((row) => [keyText(row), row]));
  const differences: Difference[] = [];
  for (const row of expected) {
    const key = keyText(row);
    const other = rows.get(key);
    rows.delete(key);
    const flaw = flaws.get(key) ?? (other && otherUsers(row, other));
    const isEqual =
      other?.events === row.events &&
      other.nobody === row.nobody &&
      other.users.size === row.users.size;
    if (!isEqual || flaw !== undefined) differences.push(difference(row, row, other, flaw));
  }
  for (const [key, row] of rows) {
    const flaw = flaws.get(key);
    const isNothing =
      row.events === 0 && row.nobody === 0 && row.users.isEmpty && flaw === undefined;
    if (!isNothing) differences.push(difference(row, undefined, row, flaw));
  }
  return differences;
}

/** As many, and not the same. */
function otherUsers(one: RollupRow, other: RollupRow): string | undefined {
  const areOthers = one.users.size === other.users.size && !one.users.without(other.users).isEmpty;
  return areOthers ? 'other users' : undefined;
}

function difference(
  { grain, bucket, sourceId, bot, nameId }: RollupKey,
  expected: RollupRow | undefined,
  found: RollupRow | undefined,
  flaw: string | undefined,
): Difference {
  return {
    grain,
    bucket,
    sourceId,
    bot,
    nameId,
    expected: figuresOf(expected),
    found: figuresOf(found),
    flaw,
  };
}

function figuresOf(row: RollupRow | undefined): DifferentFigures {
  return { events: row?.events ?? 0, nobody: row?.nobody ?? 0, users: row?.users.size ?? 0 };
}

async function readDeltas(
  client: ClientBase,
  from: number,
  to: number,
  names: RollupNames,
): Promise<RollupRow[]> {
  const { rows } = await client.query<MinuteFigures>(
    `SELECT ${toMinute('minute')} AS minute, source_id, bot, name_id, events, nobody,
       users::text AS users
     FROM rollup_deltas WHERE minute >= $1 AND minute < $2
       AND ${isAboveHorizon('rollup_deltas', 'minute')}`,
    [minuteText(from), minuteText(to)],
  );
  return rollUpMinutes(rows, names);
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
