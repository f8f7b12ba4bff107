import type { ClientBase } from 'pg';
import { MINUTE_MS } from '../../rollup/grains.js';
import { HOLD_HORIZON } from '../../rollup/horizon.js';
import {
  HORIZON_COLUMNS,
  toHorizons,
  type HorizonRow,
  type Horizons,
} from '../../rollup/horizons.js';
import { toMinute } from '../../rollup/sql-values.js';
import type { Range } from '../language/query.js';

/** What one transaction sees, and what its answers depend on besides the events. */
export interface Snapshot {
  /**
   * Which database it's of. Another one may stand in its place from one moment to the next, restored
   * or taken over by a standby, with versions and numbers of its own.
   */
  database: string;
  /** From when on raw events are there. */
  horizons: Horizons;
  /** From when on rollups are there; -Infinity where none were ever removed. */
  rollupsFromMs: number;
  /** The start of the first minute that has an event, or had one; the end of the last. */
  firstMs: number;
  lastMs: number;
  /** Of the merges: it rises with each change. */
  mergesVersion: number;
  /** The version in which rows of them last went away; 0 where none ever did. */
  mergesResetAt: number;
  /** Names of all sources that were rolled up: they only ever become more, one after the other. */
  nameCount: number;
  sourceCount: number;
  /** Minutes whose rollups don't count for now, in rising order. */
  holes: readonly number[];
}

/**
 * Works in a transaction that sees one moment of the database, whatever is written meanwhile.
 *
 * @param timeoutMs for each statement
 */
export async function inSnapshot<Result>(
  client: ClientBase,
  timeoutMs: number,
  work: (snapshot: Snapshot) => Promise<Result>,
): Promise<Result> {
  try {
    // No worker beside this one: events are stored meanwhile, on the same cores.
    // In one message: each that follows costs as much as an index scan. Waiting for a lock may fail
    // as well, and leaves a transaction that has to be ended.
    const results = (await client.query(
      `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL jit = off;
       SET LOCAL enable_seqscan = off;
       SET LOCAL max_parallel_workers_per_gather = 0;
       SET LOCAL statement_timeout = ${Math.ceil(timeoutMs)}; ${HOLD_HORIZON}; ${READ_SNAPSHOT}`,
    )) as unknown as { rows: SnapshotRow[] }[];
    const result = await work(toSnapshot(results.at(-1)!.rows[0]!));
    // Nothing was written: whether it ends well is of no interest, and whatever follows waits for it.
    client.query('COMMIT').catch(() => {});
    return result;
  } catch (error) {
    // A connection that was lost can't do that either; the error that was first says why.
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

interface SnapshotRow extends HorizonRow {
  database: string;
  rollups_from: number | null;
  first: number | null;
  last: number | null;
  version: number;
  reset: number;
  names: string;
  sources: string;
  holes: string | null;
}

const READ_SNAPSHOT = `
  SELECT format('%s %s %s', pg_postmaster_start_time(), 'rollups'::regclass::oid,
      (SELECT oid FROM pg_database WHERE datname = current_database())) AS database,
    ${HORIZON_COLUMNS},
    CASE WHEN isfinite(rollups_from) THEN ${toMinute('rollups_from')} END AS rollups_from,
    ${toMinute(`least((SELECT min(bucket) FROM rollups WHERE grain = 1),
      (SELECT min(minute) FROM rollup_deltas), (SELECT min(minute) FROM rollup_repairs))`)}
      AS first,
    ${toMinute(`greatest((SELECT max(bucket) FROM rollups WHERE grain = 1),
      (SELECT max(minute) FROM rollup_deltas), (SELECT max(minute) FROM rollup_repairs))`)}
      AS last,
    merges_version.version::float8 AS version, merges_version.reset_at::float8 AS reset,
    (SELECT count(*) FROM rollup_names) AS names,
    (SELECT count(*) FROM sources) AS sources,
    (SELECT string_agg(DISTINCT ${toMinute('minute')}::text, ' ') FROM rollup_repairs) AS holes
  FROM horizon, merges_version`;

function toSnapshot(row: SnapshotRow): Snapshot {
  const { database, version, reset, names, sources, holes } = row;
  const rollupsFrom = row.rollups_from ?? Number.NEGATIVE_INFINITY;
  // What is left of rollups that are being removed doesn't count.
  const isEmpty = row.last === null || row.first === null || row.last < rollupsFrom;
  const [first, end] = isEmpty ? [0, 0] : [Math.max(row.first!, rollupsFrom), row.last! + 1];
  return {
    database,
    horizons: toHorizons(row),
    rollupsFromMs: rollupsFrom * MINUTE_MS,
    firstMs: first * MINUTE_MS,
    lastMs: end * MINUTE_MS,
    mergesVersion: version,
    mergesResetAt: reset,
    nameCount: Number(names),
    sourceCount: Number(sources),
    holes: (holes?.split(' ') ?? []).map(Number).toSorted((one, other) => one - other),
  };
}

/**
 * For what may read a good part of the events. All else goes by indexes: statistics of a chunk that
 * was just made would have all of it read for the edge of a minute.
 */
export async function allowScans(client: ClientBase): Promise<void> {
  await client.query('SET LOCAL enable_seqscan = on');
}

/** All that there is, whole minutes of it, and at least until now. */
export function everything({ firstMs, lastMs }: Snapshot, now: number): Range {
  if (firstMs === lastMs) return { from: now, to: now };
  const end = Math.ceil(now / MINUTE_MS) * MINUTE_MS;
  return { from: firstMs, to: Math.max(lastMs, end) };
}
