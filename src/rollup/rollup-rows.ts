import type { ClientBase } from 'pg';
import { ALL_NAMES, bucketOf, DAY, GRAINS, MINUTE, type Grain } from './grains.js';
import { isAboveHorizon } from './horizons.js';
import { FormatError } from './portable-format.js';
import { minuteText, toMinute, writeByteaArray } from './sql-values.js';
import { UserSet } from './user-set.js';

/** Whose events a row counts. */
export interface RollupKey {
  grain: Grain;
  /** The start, in minutes. */
  bucket: number;
  sourceId: number;
  bot: boolean;
  nameId: number;
}

/** The events of one bucket, and the different users of them. */
export interface RollupRow extends RollupKey {
  events: number;
  /** How many of them are nobody's, whom no set has. */
  nobody: number;
  users: UserSet;
}

/** A text for a key, which a map can look up. */
export function keyText({ grain, bucket, sourceId, bot, nameId }: RollupKey): string {
  return `${grain} ${bucket} ${sourceId} ${bot ? 1 : 0} ${nameId}`;
}

/** Rows by their key, to which events are added. */
export class RollupTable {
  private readonly rows = new Map<string, RollupRow>();

  /** @param added stays as it is, and so do its users */
  add(added: RollupRow): void {
    const text = keyText(added);
    const row = this.rows.get(text);
    if (row) {
      row.events += added.events;
      row.nobody += added.nobody;
      row.users.add(added.users);
    } else {
      this.rows.set(text, { ...added, users: added.users.clone() });
    }
  }

  values(): RollupRow[] {
    return [...this.rows.values()];
  }
}

/** The same events in all larger buckets. */
export function withLargerBuckets(minutes: readonly RollupRow[]): RollupRow[] {
  const rows = [...minutes];
  let smaller = minutes;
  for (const grain of GRAINS.slice(1)) {
    smaller = inBuckets(smaller, grain);
    rows.push(...smaller);
  }
  return rows;
}

/** Puts rows of smaller buckets together. */
export function inBuckets(rows: readonly RollupRow[], grain: Grain): RollupRow[] {
  const table = new RollupTable();
  for (const row of rows) table.add({ ...row, grain, bucket: bucketOf(row.bucket, grain) });
  return table.values();
}

/** Adds what stands for all names together. */
export function withAllNames(rows: readonly RollupRow[]): RollupRow[] {
  const table = new RollupTable();
  for (const row of rows) table.add({ ...row, nameId: ALL_NAMES });
  return [...rows, ...table.values()];
}

interface StoredRow {
  grain: Grain;
  bucket: number;
  source_id: number;
  bot: boolean;
  name_id: number;
  events: string;
  nobody: string;
  user_count: number;
  users: Buffer;
}

const COLUMNS = `rollups.grain, ${toMinute('rollups.bucket')} AS bucket, rollups.source_id,
  rollups.bot, rollups.name_id, rollups.events, rollups.nobody, rollups.user_count, rollups.users`;

function fromStored(row: StoredRow, users = UserSet.read(row.users)): RollupRow {
  return {
    grain: row.grain,
    bucket: row.bucket,
    sourceId: row.source_id,
    bot: row.bot,
    nameId: row.name_id,
    events: Number(row.events),
    nobody: Number(row.nobody),
    users,
  };
}

/** The rows of these keys that are there. */
export async function readRows(
  client: ClientBase,
  keys: readonly RollupKey[],
): Promise<RollupRow[]> {
  const { rows } = await client.query<StoredRow>(
    `SELECT ${COLUMNS}
     FROM unnest($1::smallint[], $2::timestamptz[], $3::smallint[], $4::boolean[], $5::integer[])
       AS wanted (grain, bucket, source_id, bot, name_id)
     JOIN rollups USING (grain, bucket, source_id, bot, name_id)`,
    keyColumns(keys),
  );
  return rows.map((row) => fromStored(row));
}

/** All rows of one grain, from a minute to another. */
export async function readRange(
  client: ClientBase,
  grain: Grain,
  from: number,
  to: number,
): Promise<RollupRow[]> {
  return (await selectRange(client, grain, from, to)).map((row) => fromStored(row));
}

/** A row as it lies there, with what is wrong with it by itself. */
export interface CheckedRow extends RollupRow {
  flaw: string | undefined;
}

/** The same, for a check: a set that can't be read is a flaw, and empty. */
export async function readChecked(
  client: ClientBase,
  grain: Grain,
  from: number,
  to: number,
): Promise<CheckedRow[]> {
  return (await selectRange(client, grain, from, to)).map(check);
}

function check(row: StoredRow): CheckedRow {
  try {
    const read = fromStored(row);
    const isCounted = row.user_count === read.users.size;
    return { ...read, flaw: isCounted ? undefined : `user_count is ${row.user_count}` };
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return { ...fromStored(row, UserSet.empty()), flaw: "its set of users can't be read" };
  }
}

async function selectRange(
  client: ClientBase,
  grain: Grain,
  from: number,
  to: number,
): Promise<StoredRow[]> {
  const { rows } = await client.query<StoredRow>(
    `SELECT ${COLUMNS} FROM rollups WHERE grain = $1 AND bucket >= $2 AND bucket < $3`,
    [grain, minuteText(from), minuteText(to)],
  );
  return rows;
}

export async function deleteRange(
  client: ClientBase,
  grain: Grain,
  from: number,
  to: number,
): Promise<void> {
  await client.query('DELETE FROM rollups WHERE grain = $1 AND bucket >= $2 AND bucket < $3', [
    grain,
    minuteText(from),
    minuteText(to),
  ]);
}

/** Rows of minutes which can be made anew: those of other sources stay. */
export async function deleteMinutes(client: ClientBase, from: number, to: number): Promise<void> {
  await client.query(
    `DELETE FROM rollups WHERE grain = $1 AND bucket >= $2 AND bucket < $3
       AND ${isAboveHorizon('rollups', 'bucket')}`,
    [MINUTE, minuteText(from), minuteText(to)],
  );
}

/** Parameters of one statement: what they take in memory. */
const ROWS_AT_ONCE = 5_000;
const BYTES_AT_ONCE = 16 * 1024 * 1024;

/** Writes rows in place of those of the same keys. The lock of their day is held. */
export async function writeRows(client: ClientBase, rows: readonly RollupRow[]): Promise<void> {
  let start = 0;
  let bytes = 0;
  const sets: Buffer[] = [];
  for (const [index, { users }] of rows.entries()) {
    sets.push(users.write());
    bytes += sets.at(-1)!.length;
    const isFull = sets.length === ROWS_AT_ONCE || bytes >= BYTES_AT_ONCE;
    if (!isFull && index < rows.length - 1) continue;
    await upsert(client, rows.slice(start, index + 1), sets.splice(0));
    start = index + 1;
    bytes = 0;
  }
}

async function upsert(
  client: ClientBase,
  rows: readonly RollupRow[],
  sets: readonly Buffer[],
): Promise<void> {
  await client.query(
    `INSERT INTO rollups (grain, bucket, source_id, bot, name_id, events, nobody, user_count,
       users)
     SELECT * FROM unnest($1::smallint[], $2::timestamptz[], $3::smallint[], $4::boolean[],
       $5::integer[], $6::bigint[], $7::bigint[], $8::integer[], $9::bytea[])
     ON CONFLICT (grain, bucket, source_id, bot, name_id) DO UPDATE SET events = excluded.events,
       nobody = excluded.nobody, user_count = excluded.user_count, users = excluded.users,
       version = excluded.version`,
    [
      ...keyColumns(rows),
      list(rows, ({ events }) => events),
      list(rows, ({ nobody }) => nobody),
      list(rows, ({ users }) => users.size),
      writeByteaArray(sets),
    ],
  );
}

function keyColumns(keys: readonly RollupKey[]): string[] {
  return [
    list(keys, ({ grain }) => grain),
    list(keys, ({ bucket }) => minuteText(bucket)),
    list(keys, ({ sourceId }) => sourceId),
    list(keys, ({ bot }) => (bot ? 't' : 'f')),
    list(keys, ({ nameId }) => nameId),
  ];
}

/** None of these values needs quotes in an array's text. */
function list<Item>(items: readonly Item[], value: (item: Item) => string | number): string {
  return `{${items.map(value).join()}}`;
}

/** The day that a minute lies in, as the lock of its rollups is called. */
export function dayOf(minute: number): number {
  return Math.floor(minute / DAY);
}
