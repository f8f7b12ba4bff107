import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { noteAudit } from '../access/audit-log.js';
import { UnavailableError } from '../common/errors.js';
import { askOf } from '../database/ask.js';
import { ERASURE_LOCKS, NOTHING_REMOVED, type BegunErasure, type Removed } from './erasure.js';
import { Mentions } from './mentions.js';
import { readPerson, type Named, type PersonUser } from './person.js';
import { rejectionsNaming } from './rejections.js';
import { removeEvents } from './remove-events.js';
import { removeUsers } from './remove-users.js';
import { tablesSampling } from './statistics.js';

/** What one erasure does, and for whom. */
export interface ErasureOrder extends Named {
  /** Who asked for it, for the record. */
  by: string;
  /** For how many days older events are refused. */
  days: number;
}

/** Writers are kept waiting for no longer, and then it's tried again. */
const LOCK_TIMEOUT_MS = 500;
const PAUSE_MS = 100;
const PATIENCE_MS = 20_000;
const LOCK_NOT_AVAILABLE = '55P03';
/** More events are removed after the transaction, which all writers wait for. */
const FEW_EVENTS = 10_000;

/** What takes a while, and is known before writers have to wait. */
interface Prepared {
  users: PersonUser[];
  ids: string[];
  /** Lines of the log of rejections, and the last one that was looked at. */
  lines: string[];
  lastLine: string;
  tables: string[];
  hasFewEvents: boolean;
}

/**
 * Erases a person, and all that names them in the database, in one transaction; but for the events of
 * who has very many, and what rollups hold where there are no raw events, which `finishErasure` does.
 *
 * It keeps out whoever stores events or creates users, from before it looks until its commit: each of
 * these has committed before, and is seen, or sees the tombstone after.
 *
 * @returns the erasure, whose lock this session now holds
 * @throws the database's error 55P03 where others hold on to what it needs for 20 seconds, and
 *   UnavailableError where the person is another each time
 */
export async function beginErasure(client: ClientBase, order: ErasureOrder): Promise<BegunErasure> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    let problem: unknown = new UnavailableError(new Error('the person changes again and again'));
    try {
      const begun = await eraseNow(client, order, await prepare(client, order));
      if (begun) return begun;
    } catch (error) {
      if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
      problem = error;
    }
    if (performance.now() > giveUpAt) throw problem;
    await sleep(PAUSE_MS);
  }
}

async function prepare(client: ClientBase, order: ErasureOrder): Promise<Prepared> {
  const users = await readPerson(client, order);
  const ids = users.length > 0 ? users.map(({ id }) => id) : [order.id];
  const last = await client.query<{ id: string }>(
    'SELECT coalesce(max(id), 0) AS id FROM rejections',
  );
  const few = await client.query<{ few: boolean }>(
    `SELECT count(*) < $2 AS few FROM (
       SELECT FROM events WHERE user_seq = ANY ($1::integer[]) LIMIT $2
     ) AS first`,
    [users.map(({ seq }) => seq), FEW_EVENTS],
  );
  return {
    users,
    ids,
    lines: await linesNaming(client, ids, '0'),
    lastLine: last.rows[0]!.id,
    tables: await tablesSampling(client, ids),
    hasFewEvents: few.rows[0]!.few,
  };
}

async function linesNaming(
  client: ClientBase,
  ids: readonly string[],
  after: string,
): Promise<string[]> {
  const lines: string[] = [];
  for await (const { id } of rejectionsNaming(client, new Mentions(ids), after)) lines.push(id);
  return lines;
}

/** @returns undefined where the person isn't what was prepared for */
async function eraseNow(
  client: ClientBase,
  order: ErasureOrder,
  prepared: Prepared,
): Promise<BegunErasure | undefined> {
  await client.query(`BEGIN; SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS};
    LOCK TABLE tombstones IN EXCLUSIVE MODE; SELECT FROM merges_version FOR UPDATE`);
  try {
    const users = await readPerson(client, order);
    const isSame = JSON.stringify(users) === JSON.stringify(prepared.users);
    const begun = isSame ? await erase(client, order, prepared) : undefined;
    await client.query(begun ? 'COMMIT' : 'ROLLBACK');
    return begun;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

async function erase(
  client: ClientBase,
  order: ErasureOrder,
  { users, ids, lines, lastLine, tables, hasFewEvents }: Prepared,
): Promise<BegunErasure> {
  const seqs = users.map(({ seq }) => seq);
  const moments = await bury(client, order, users);
  const removed: Removed = {
    ...NOTHING_REMOVED,
    ...(await removeUsers(client, users)),
    ...(hasFewEvents ? await removeEvents(client, seqs) : {}),
    rejections: await removeLines(client, [
      ...lines,
      ...(await linesNaming(client, ids, lastLine)),
    ]),
  };
  const { rows } = await client.query<{ id: number }>(
    `WITH recorded AS (
       INSERT INTO erasures (asked_by, user_seqs, analyze_tables, removed)
       VALUES ($1, $2, $3, $4) RETURNING id
     )
     SELECT id, pg_try_advisory_lock($5, id) FROM recorded`,
    [order.by, seqs, tables, removed, ERASURE_LOCKS],
  );
  const { id } = rows[0]!;
  const details = { erasure: id };
  await noteAudit(askOf(client), { actor: order.by, action: 'user.erase', details });
  return { id, ids, ...moments };
}

/** So that a retry of an event that lay ahead of its time doesn't come back either, up to a day of it. */
const ERASED_BEFORE = `least(clock_timestamp() + interval '1 day', (
  SELECT greatest(clock_timestamp(), max(latest.time)) FROM unnest($1::integer[]) AS given (seq), LATERAL (
    SELECT time FROM events WHERE events.user_seq = given.seq AND time > clock_timestamp()
    ORDER BY time DESC LIMIT 1
  ) AS latest
))`;

/** Leaves tombstones for the ids, and takes the numbers out of use. */
async function bury(
  client: ClientBase,
  { id, kind, days }: ErasureOrder,
  users: readonly PersonUser[],
): Promise<Pick<BegunErasure, 'erasedBefore' | 'refusedUntil'>> {
  const named: readonly Named[] = users.length > 0 ? users : [{ id, kind }];
  const seqs = users.map(({ seq }) => seq);
  const { rows } = await client.query<{ before: Date; until: Date }>(
    `WITH moments AS MATERIALIZED (
       SELECT clock_timestamp() AS erased_at,
         date_trunc('milliseconds', ${ERASED_BEFORE}) + interval '1 millisecond' AS erased_before,
         clock_timestamp() + make_interval(days => $4) AS expires_at
     )
     INSERT INTO tombstones AS known (hash, erased_at, erased_before, expires_at)
     SELECT erasure_hash(given.kind, given.id), moments.*
     FROM moments, unnest($2::text[], $3::user_kind[]) AS given (id, kind)
     ON CONFLICT (hash) DO UPDATE SET erased_at = excluded.erased_at,
       erased_before = greatest(known.erased_before, excluded.erased_before),
       expires_at = greatest(known.expires_at, excluded.expires_at)
     RETURNING erased_before AS before, expires_at AS until`,
    [seqs, named.map((one) => one.id), `{${named.map((one) => one.kind).join()}}`, days],
  );
  await client.query(
    'INSERT INTO erased_numbers (user_seq) SELECT unnest($1::integer[]) ON CONFLICT DO NOTHING',
    [seqs],
  );
  const { before, until } = rows[0]!;
  return { erasedBefore: before.toISOString(), refusedUntil: until.toISOString() };
}

async function removeLines(client: ClientBase, lines: readonly string[]): Promise<number> {
  const { rowCount } = await client.query('DELETE FROM rejections WHERE id = ANY ($1::bigint[])', [
    lines,
  ]);
  return rowCount ?? 0;
}
