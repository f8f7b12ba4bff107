import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { inTransaction } from '../database/in-transaction.js';
import { isContention } from '../common/database-errors.js';
import { liftDecompressionLimit } from '../database/compression.js';
import { timeText } from '../rollup/sql-values.js';
import { dropChunks } from './chunks.js';

export interface RemovedEvents {
  /** With all that was in them. */
  chunks: number;
  /** Deleted one by one. */
  events: number;
}

/** Events of some sources in a part of time, from `from` to before `to`, in milliseconds. */
interface Expired {
  from: number;
  to: number;
  /** Undefined for all. */
  sources: number[] | undefined;
}

/** Of all sources; as many are looked at by one transaction, which others may wait for. */
const EVENTS_AT_ONCE = 5_000;
/** Shorter than what lets the server look for a deadlock, whose other side is then left alone. */
const LOCK_TIMEOUT_MS = 300;
const TRIES = 20;
const LONGEST_PAUSE_MS = 1_000;

export async function hasEventsBelow(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ below: boolean }>(
    `SELECT EXISTS (SELECT FROM events WHERE time < (SELECT raw_from FROM horizon))
       OR EXISTS (SELECT FROM source_horizons AS own, horizon
         WHERE own.raw_from > greatest(own.removed_to, horizon.raw_from)) AS below`,
  );
  return rows[0]!.below;
}

/**
 * Removes the events below their horizons: whole chunks, where there are any that no source has events
 * in; else in small transactions with a pause after each that is as long as it took, so that those who
 * write have at least half of the time for themselves.
 */
export async function removeEvents(
  client: ClientBase,
  signal: AbortSignal,
): Promise<RemovedEvents> {
  const chunks = await dropChunks(client, signal);
  let events = 0;
  for (const expired of await readExpired(client)) {
    events += await deleteExpired(client, expired, signal);
  }
  return { chunks, events };
}

/** What is left between where an earlier run came to and the horizons. */
async function readExpired(client: ClientBase): Promise<Expired[]> {
  const ms = (column: string): string => `(extract(epoch FROM ${column}) * 1000)::float8`;
  const { rows: all } = await client.query<{ from: number | null; to: number }>(
    `SELECT ${ms('(SELECT min(time) FROM events)')} AS from,
       ${ms('raw_from')} AS to
     FROM horizon WHERE isfinite(raw_from)`,
  );
  const { rows: own } = await client.query<{ from: number; to: number; sources: number[] }>(
    `SELECT ${ms('begun')} AS from, ${ms('raw_from')} AS to, array_agg(source_id) AS sources
     FROM (
       SELECT own.source_id, own.raw_from, greatest(own.removed_to, horizon.raw_from,
         least((SELECT min(time) FROM events), own.raw_from - interval '1 millisecond')) AS begun
       FROM source_horizons AS own, horizon
     ) AS left_over
     WHERE begun < raw_from GROUP BY begun, raw_from`,
  );
  const ofAll = all.map(({ from, to }) => ({ from: from ?? to, to, sources: undefined }));
  return [...ofAll, ...own];
}

async function deleteExpired(
  client: ClientBase,
  { from, to, sources }: Expired,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  for (let start = from; start < to;) {
    if (signal.aborted) break;
    const begun = performance.now();
    const end = await endOfBatch(client, start, to);
    count += await patiently(() => deleteBatch(client, { from: start, to: end, sources }), signal);
    start = end;
    const pause = Math.min(performance.now() - begun, LONGEST_PAUSE_MS);
    if (start < to) await sleep(pause, undefined, { signal }).catch(() => {});
  }
  return count;
}

/** Before it lie as many events as one transaction takes, or those of one millisecond. */
async function endOfBatch(client: ClientBase, from: number, to: number): Promise<number> {
  const { rows } = await client.query<{ ms: number }>(
    `SELECT (extract(epoch FROM time) * 1000)::float8 AS ms FROM events
     WHERE time >= $1 AND time < $2 ORDER BY time OFFSET $3 LIMIT 1`,
    [timeText(from), timeText(to), EVENTS_AT_ONCE],
  );
  return rows[0] ? Math.max(rows[0].ms, from + 1) : to;
}

/** What was done is told in the same transaction: who comes after needn't look again. */
async function deleteBatch(client: ClientBase, { from, to, sources }: Expired): Promise<number> {
  return await inTransaction(client, async () => {
    await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
    await liftDecompressionLimit(client);
    const { rowCount } = await client.query(
      `DELETE FROM events WHERE time >= $1 AND time < $2
         ${sources ? 'AND source_id = ANY ($3::smallint[])' : ''}`,
      [timeText(from), timeText(to), ...(sources ? [sources] : [])],
    );
    if (sources) {
      await client.query(
        `UPDATE source_horizons SET removed_to = $1
         WHERE source_id = ANY ($2::smallint[]) AND removed_to < $1`,
        [timeText(to), sources],
      );
    }
    return rowCount ?? 0;
  });
}

async function patiently(work: () => Promise<number>, signal: AbortSignal): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!isContention(error) || attempt === TRIES) throw error;
      await sleep(LOCK_TIMEOUT_MS, undefined, { signal }).catch(() => {});
    }
  }
}
