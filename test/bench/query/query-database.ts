import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { fold } from '../../../src/rollup/fold.js';
import { MINUTE_MS } from '../../../src/rollup/grains.js';
import { ROLLUP_LOCKS } from '../../../src/rollup/locks.js';
import { dayOf } from '../../../src/rollup/rollup-rows.js';
import type { Cleanup } from '../cleanup.js';
import type { DataSet, Range } from './data-sets.js';
import { createUsers, generate } from './generator.js';

/** Another folder may have a day. */
const RETRY_MS = 100;

/** What rollups take, in bytes. */
export interface RollupSizes {
  /** With all that updates have left, and the index. */
  onDisk: number;
  /** The sets of users alone. */
  sets: number;
}

export async function connect(url: string, cleanup: Cleanup): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: 'bench' });
  // Its end fails the query that is under way, too.
  client.on('error', () => {});
  const connecting = client.connect().then(() => client);
  return await cleanup.start(connecting, (connected) => connected.end());
}

/** The events that are read, and their rollups, with a connection that no server uses. */
export class QueryDatabase {
  constructor(private readonly client: Client) {}

  /** Users first, as many as the data set has. @returns how long the events took, in milliseconds */
  async generate(data: DataSet): Promise<number> {
    const firstUser = await createUsers(this.client, data.users);
    await this.client.query('VACUUM (ANALYZE) users');
    const { rows } = await this.client.query<{ click: number; impression: number }>(
      `SELECT (SELECT id FROM event_names WHERE name = 'click') AS click,
         (SELECT id FROM event_names WHERE name = 'impression') AS impression`,
    );
    const begun = performance.now();
    await generate(this.client, data, { firstUser, ...rows[0]! });
    return performance.now() - begun;
  }

  /** Until nothing is left to fold, whoever does it. @returns how long that took, in milliseconds */
  async foldAll(): Promise<number> {
    const begun = performance.now();
    for (;;) {
      await fold(this.client);
      if (await this.isFolded()) return performance.now() - begun;
      await sleep(RETRY_MS);
    }
  }

  /**
   * Keeps all folders but that of this connection away from the days of a range: each day of
   * rollups has its lock.
   */
  async withoutFolders<Result>({ from, to }: Range, work: () => Promise<Result>): Promise<Result> {
    const days = [dayOf(from / MINUTE_MS), dayOf(to / MINUTE_MS)];
    const lock = (name: string): Promise<unknown> =>
      this.client.query(
        `SELECT ${name}($1, day) FROM generate_series($2::integer, $3::integer) AS day`,
        [ROLLUP_LOCKS, ...days],
      );
    await lock('pg_advisory_lock');
    try {
      return await work();
    } finally {
      await lock('pg_advisory_unlock');
    }
  }

  /** Statistics and visibility as they are after a while, for both who are compared. */
  async settle(): Promise<void> {
    await this.client.query('VACUUM (ANALYZE) events, rollups, rollup_deltas');
    await this.client.query('CHECKPOINT');
  }

  async rollupSizes(): Promise<RollupSizes> {
    const { rows } = await this.client.query<RollupSizes>(
      `SELECT pg_total_relation_size('rollups')::float8 AS "onDisk",
         (SELECT coalesce(sum(octet_length(users)), 0) FROM rollups)::float8 AS sets`,
    );
    return rows[0]!;
  }

  /** Of the events from a moment on, as rollups and as `events` count them. */
  async countFrom(time: number): Promise<{ stored: number; rolledUp: number }> {
    const { rows } = await this.client.query<{ stored: number; rolledUp: number }>(
      `SELECT
         (SELECT count(*) FROM events WHERE time >= $1)::float8 AS stored,
         (SELECT coalesce(sum(events), 0) FROM rollups
           WHERE grain = 1440 AND name_id = 0 AND bucket >= $1)::float8 AS "rolledUp"`,
      [new Date(time)],
    );
    return rows[0]!;
  }

  /** How many events wait to be folded. */
  async countUnfolded(): Promise<number> {
    const { rows } = await this.client.query<{ count: number }>(
      'SELECT coalesce(sum(events), 0)::float8 AS count FROM rollup_deltas',
    );
    return rows[0]!.count;
  }

  /** Runs something while what is written isn't rolled up. */
  async withoutTrigger<Result>(work: () => Promise<Result>): Promise<Result> {
    const { rows } = await this.client.query<{ definition: string }>(
      `SELECT pg_get_triggerdef(oid) AS definition FROM pg_trigger
       WHERE tgrelid = 'events'::regclass AND tgname = 'events_insert_rollups'`,
    );
    // A hypertable's triggers can't be disabled.
    await this.client.query('DROP TRIGGER events_insert_rollups ON events');
    try {
      return await work();
    } finally {
      await this.client.query(rows[0]!.definition);
    }
  }

  private async isFolded(): Promise<boolean> {
    const { rows } = await this.client.query<{ folded: boolean }>(
      `SELECT NOT EXISTS (SELECT FROM rollup_deltas)
         AND NOT EXISTS (SELECT FROM rollup_repairs) AS folded`,
    );
    return rows[0]!.folded;
  }
}
