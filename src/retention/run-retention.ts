import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { isContention } from '../common/database-errors.js';
import { daysOf, REPAIRS } from '../rollup/days.js';
import { moveHorizon, PendingRepairsError, type HorizonTargets } from '../rollup/horizon.js';
import { readHorizons, readRollupsFrom } from '../rollup/horizons.js';
import { RETENTION_LOCK, ROLLUP_LOCKS } from '../rollup/locks.js';
import { rebuildRepairs } from '../rollup/rebuild.js';
import { hasChunksBelow } from './chunks.js';
import { hasEventsBelow, removeEvents, type RemovedEvents } from './remove-events.js';
import { hasRollupsBelow, removeRollups } from './remove-rollups.js';
import type { RetentionOptions } from './retention.options.js';
import { horizonTargets, type NamedSource } from './targets.js';

/** What a run has removed. */
export interface Removed extends RemovedEvents {
  /** Days whose rollups are gone. */
  rollupDays: number;
}

/** Queries or writers took too long for the horizon to be moved, or chunks to be dropped. */
export class TooBusyError extends Error {
  override name = 'TooBusyError';
}

/** Writers wait behind whoever waits for the lock: not long, and longer where it can't be had. */
const LOCK_TIMEOUTS_MS = [50, 100, 100, 200, 200, 200, 400, 400, 400, 400, 1_000, 1_000, 1_000];
const PAUSE_MS = 500;

/**
 * Moves the horizons to where they belong and then removes what lies below them: events that are
 * counted there stay counted by rollups. One process at a time does so, and whatever one that ended
 * left behind the next run removes.
 *
 * @param client on which statements may take as long as they take
 * @param now milliseconds; where the database's clock is behind, that holds
 * @param signal ends it between two steps
 * @returns undefined where another process is at it
 * @throws TooBusyError
 */
export async function runRetention(
  client: ClientBase,
  options: RetentionOptions,
  now: number,
  signal: AbortSignal,
): Promise<Removed | undefined> {
  const { rows } = await client.query<{ taken: boolean }>(
    'SELECT pg_try_advisory_lock($1, $2) AS taken',
    [ROLLUP_LOCKS, RETENTION_LOCK],
  );
  if (!rows[0]!.taken) return undefined;
  try {
    return await run(client, await readTargets(client, options, now), signal);
  } finally {
    await client.query('SELECT pg_advisory_unlock($1, $2)', [ROLLUP_LOCKS, RETENTION_LOCK]);
  }
}

/** A clock that is ahead must not remove what is to be kept: the earlier one of two holds. */
export async function readTargets(
  client: ClientBase,
  options: RetentionOptions,
  now: number,
): Promise<HorizonTargets> {
  const { rows: sources } = await client.query<NamedSource>('SELECT id, name FROM sources');
  const { rows } = await client.query<{ now: number }>(
    'SELECT (extract(epoch FROM now()) * 1000)::float8 AS now',
  );
  return horizonTargets(options, sources, Math.min(now, rows[0]!.now));
}

async function run(
  client: ClientBase,
  targets: HorizonTargets,
  signal: AbortSignal,
): Promise<Removed> {
  const removed: Removed = { chunks: 0, events: 0, rollupDays: 0 };
  if (!(await isAhead(client, targets)) && !(await isAnythingLeft(client))) return removed;
  // Even where they are there already: who moved them may have ended before it had waited for others.
  await move(client, targets, signal);
  if (!signal.aborted) Object.assign(removed, await removeEvents(client, signal));
  if (!signal.aborted) removed.rollupDays = await removeRollups(client, signal);
  return removed;
}

async function isAhead(client: ClientBase, targets: HorizonTargets): Promise<boolean> {
  const { all, sources = new Map<number, number>(), rollups } = targets;
  const horizons = await readHorizons(client);
  if (all !== undefined && all > horizons.earliest) return true;
  if (rollups !== undefined && rollups > (await readRollupsFrom(client))) return true;
  return [...sources].some(([source, minute]) => minute > horizons.of(source));
}

/** Of what an earlier run, or one that ended, didn't remove. */
async function isAnythingLeft(client: ClientBase): Promise<boolean> {
  return (
    (await hasChunksBelow(client)) ||
    (await hasEventsBelow(client)) ||
    (await hasRollupsBelow(client))
  );
}

async function move(
  client: ClientBase,
  targets: HorizonTargets,
  signal: AbortSignal,
): Promise<void> {
  for (const lockTimeoutMs of LOCK_TIMEOUTS_MS) {
    if (signal.aborted) return;
    for (const day of await daysOf(client, REPAIRS)) await rebuildRepairs(client, day);
    try {
      await moveHorizon(client, targets, lockTimeoutMs);
      return;
    } catch (error) {
      if (!isContention(error) && !(error instanceof PendingRepairsError)) throw error;
    }
    await sleep(PAUSE_MS, undefined, { signal }).catch(() => {});
  }
  throw new TooBusyError('queries and writers left no moment in which to move the horizon');
}
