import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { askOf } from '../database/ask.js';
import { extensionSchema } from '../database/extension-schema.js';
import { inTransaction } from '../database/in-transaction.js';
import { isContention } from '../common/database-errors.js';
import { withoutOthers } from '../rollup/horizon.js';

/** A chunk of the hypertable that lies below the horizon of every source. */
interface Chunk {
  /** The moment behind its last, as PostgreSQL writes it. */
  end: string;
  /** Whether sources that come later couldn't write into it, either. */
  isBelowAll: boolean;
}

/** Whoever wants to write waits behind whoever waits for a chunk. */
const LOCK_TIMEOUT_MS = 200;
const TRIES = 10;
const PAUSE_MS = 300;

/** The latest moment below which no known source has raw events. */
const GONE_OF_EVERY_SOURCE = `
  SELECT greatest(horizon.raw_from, (
    SELECT min(coalesce(own.raw_from, '-infinity'))
    FROM sources LEFT JOIN source_horizons AS own ON own.source_id = sources.id
  )) FROM horizon`;

const CHUNKS = `
  SELECT range_end::text AS end, range_end <= (SELECT raw_from FROM horizon) AS "isBelowAll"
  FROM timescaledb_information.chunks
  WHERE format('%I.%I', hypertable_schema, hypertable_name)::regclass = 'events'::regclass
    AND range_end <= (${GONE_OF_EVERY_SOURCE})
  ORDER BY range_end`;

export async function hasChunksBelow(client: ClientBase): Promise<boolean> {
  return (await readChunks(client)).length > 0;
}

async function readChunks(client: ClientBase): Promise<Chunk[]> {
  if ((await extensionSchema(askOf(client))) === undefined) return [];
  return (await client.query<Chunk>(CHUNKS)).rows;
}

/**
 * Drops chunks that lie below every source's horizon, one in a transaction. One that someone uses for
 * too long stays: its events are deleted, and a later run drops it.
 *
 * @returns how many were dropped
 */
export async function dropChunks(client: ClientBase, signal: AbortSignal): Promise<number> {
  const schema = await extensionSchema(askOf(client));
  let dropped = 0;
  for (const chunk of await readChunks(client)) {
    if (signal.aborted || !(await dropPatiently(client, schema!, chunk, signal))) break;
    dropped += 1;
  }
  return dropped;
}

async function dropPatiently(
  client: ClientBase,
  schema: string,
  chunk: Chunk,
  signal: AbortSignal,
): Promise<boolean> {
  for (let attempt = 0; attempt < TRIES && !signal.aborted; attempt += 1) {
    try {
      return await drop(client, schema, chunk);
    } catch (error) {
      if (!isContention(error)) throw error;
    }
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => {});
  }
  return false;
}

/** @returns false where it may no longer be dropped */
async function drop(client: ClientBase, schema: string, chunk: Chunk): Promise<boolean> {
  const { end, isBelowAll } = chunk;
  let isDropped = false;
  const work = async (): Promise<void> => {
    if (!isBelowAll && !(await isGoneOfEverySource(client, end))) return;
    await client.query(`SELECT ${schema}.drop_chunks('events', older_than => $1::timestamptz)`, [
      end,
    ]);
    isDropped = true;
  };
  if (isBelowAll) await alone(client, work);
  // A source may be new that writes there: none does while the horizon is locked.
  else await withoutOthers(client, work, LOCK_TIMEOUT_MS);
  return isDropped;
}

async function isGoneOfEverySource(client: ClientBase, end: string): Promise<boolean> {
  const { rows } = await client.query<{ gone: boolean }>(
    `SELECT $1::timestamptz <= (${GONE_OF_EVERY_SOURCE}) AS gone`,
    [end],
  );
  return rows[0]!.gone;
}

async function alone(client: ClientBase, work: () => Promise<void>): Promise<void> {
  await inTransaction(client, async () => {
    await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await work();
  });
}
