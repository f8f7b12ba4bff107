import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { Client } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { COPY_COLUMNS, type Numbers } from './copy-rows.js';
import { EVENT_NAMES, FIRST_TIME, LAST_TIME, USER_COUNT, userId } from './dataset.js';

/** Where COPY stores its rows: made like `events`, and beside it. */
const COPY_TABLE = 'events_by_copy';
const TABLES = ['events', COPY_TABLE];

/** The tables that a measurement fills, with a connection that no server uses. */
export class EventsDatabase {
  /** Of a chunk of the hypertable, in milliseconds; undefined on plain PostgreSQL. */
  private chunkLength: number | undefined;

  private constructor(private readonly client: Client) {}

  /** @param url of a database that the server has migrated */
  static async open(url: string): Promise<EventsDatabase> {
    const client = new Client({ connectionString: url, application_name: 'bench' });
    // Its end fails the query that is under way, too.
    client.on('error', () => {});
    await client.connect();
    const database = new EventsDatabase(client);
    await database.createCopyTable();
    return database;
  }

  close(): Promise<void> {
    return this.client.end();
  }

  /** Users and names of the data set, as they are after an application has run for a while. */
  async createUsersAndNames(): Promise<Numbers> {
    const ids = Array.from({ length: USER_COUNT }, (_, index) => userId(index));
    await this.client.query(
      `INSERT INTO users (kind, id) SELECT 'known', id FROM unnest($1::text[]) AS given (id)`,
      [ids],
    );
    await this.client.query(
      'INSERT INTO event_names (name) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING',
      [EVENT_NAMES],
    );
    await this.client.query('VACUUM (ANALYZE) users, event_names');
    const users = await this.client.query<{ seq: number }>(
      `SELECT seq FROM unnest($1::text[]) WITH ORDINALITY AS given (id, place)
       JOIN users ON users.kind = 'known' AND users.id = given.id ORDER BY place`,
      [ids],
    );
    const names = await this.client.query<{ id: number }>(
      `SELECT event_names.id FROM unnest($1::text[]) WITH ORDINALITY AS given (name, place)
       JOIN event_names USING (name) ORDER BY place`,
      [EVENT_NAMES],
    );
    return {
      userSeqs: Int32Array.from(users.rows, ({ seq }) => seq),
      nameIds: names.rows.map(({ id }) => id),
    };
  }

  /**
   * Empties the tables, and writes what is waiting to be written, so that a round doesn't pay for
   * the one before.
   */
  async prepareRound(): Promise<void> {
    for (const table of TABLES) {
      await this.client.query(`TRUNCATE ${table}`);
      await this.createChunks(table);
    }
    await this.client.query('CHECKPOINT');
  }

  /**
   * One COPY, committed.
   *
   * @param rows in the binary format
   * @returns how long it took, in milliseconds
   */
  async copy(rows: readonly Buffer[]): Promise<number> {
    const begun = performance.now();
    const statement = `COPY ${COPY_TABLE} (${COPY_COLUMNS}) FROM STDIN (FORMAT binary)`;
    await pipeline(Readable.from(rows), this.client.query(copyFrom(statement)));
    return performance.now() - begun;
  }

  /** @throws when a table doesn't hold exactly the rows that a round has stored */
  async expectRows(expected: { events: number; copied: number }): Promise<void> {
    for (const [table, rows] of [
      ['events', expected.events],
      [COPY_TABLE, expected.copied],
    ] as const) {
      const found = await this.client.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM ${table}`,
      );
      const count = found.rows[0]!.count;
      if (count !== rows) throw new Error(`${table} holds ${count} rows in place of ${rows}`);
    }
  }

  /** Such as `TimescaleDB 2.19.3 on PostgreSQL 17.12`. */
  async describe(): Promise<string> {
    const { rows } = await this.client.query<{ postgresql: string; timescaledb: string | null }>(
      `SELECT split_part(current_setting('server_version'), ' ', 1) AS postgresql,
         (SELECT extversion FROM pg_extension WHERE extname = 'timescaledb') AS timescaledb`,
    );
    const { postgresql, timescaledb } = rows[0]!;
    const plain = `PostgreSQL ${postgresql}`;
    return timescaledb === null ? plain : `TimescaleDB ${timescaledb} on ${plain}`;
  }

  /** The same columns, constraints and indexes, and the same hypertable where it's one. */
  private async createCopyTable(): Promise<void> {
    await this.client.query(`CREATE TABLE ${COPY_TABLE} (LIKE events INCLUDING ALL)`);
    this.chunkLength = await this.readChunkLength();
    if (this.chunkLength === undefined) return;
    await this.client.query(
      `SELECT create_hypertable($1::regclass, 'time'::name, create_default_indexes => false,
         chunk_time_interval => make_interval(secs => $2))`,
      [COPY_TABLE, this.chunkLength / 1_000],
    );
  }

  private async readChunkLength(): Promise<number | undefined> {
    const extension = await this.client.query(
      `SELECT FROM pg_extension WHERE extname = 'timescaledb'`,
    );
    if (extension.rowCount === 0) return undefined;
    const { rows } = await this.client.query<{ length: number }>(
      `SELECT (extract(epoch FROM time_interval) * 1000)::float8 AS length
       FROM timescaledb_information.dimensions WHERE hypertable_name = 'events'`,
    );
    return rows[0]?.length;
  }

  /** TRUNCATE drops the chunks of a hypertable; a row that goes again brings each one back. */
  private async createChunks(table: string): Promise<void> {
    if (this.chunkLength === undefined) return;
    for (let time = FIRST_TIME; time < LAST_TIME + this.chunkLength; time += this.chunkLength) {
      await this.client.query(
        `INSERT INTO ${table} (time, id, user_seq, name_id) VALUES ($1, gen_random_uuid(), 0, 0)`,
        [new Date(Math.min(time, LAST_TIME)).toISOString()],
      );
    }
    await this.client.query(`DELETE FROM ${table}`);
  }
}
