import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createHypertable } from './support/hypertable.js';

/** Length of the time range that one chunk of the hypertable holds. */
const CHUNK_INTERVAL = '7 days';

/** Users, sources, event names and the events themselves: a hypertable where the server has it. */
export class UsersAndEvents1763900000001 implements MigrationInterface {
  name = 'UsersAndEvents1763900000001';

  async up(runner: QueryRunner): Promise<void> {
    await createUsers(runner);
    await createNames(runner);
    await createEvents(runner);
    await createHypertable(runner, { table: 'events', column: 'time', interval: CHUNK_INTERVAL });
  }

  /** The extension stays: other tables of the database may need it. */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE events');
    await runner.query('DROP TABLE sources');
    await runner.query('DROP TABLE event_names');
    await runner.query('DROP TYPE event_kind');
    await runner.query('DROP TABLE merges');
    await runner.query('DROP TABLE users');
    await runner.query('DROP TYPE user_kind');
  }
}

/** `seq` is dense, since sets of users are kept by it; 0 stands for nobody and has no row. */
async function createUsers(runner: QueryRunner): Promise<void> {
  await runner.query(`CREATE TYPE user_kind AS ENUM ('known', 'anonymous')`);
  await runner.query(`
    CREATE TABLE users (
      seq integer GENERATED ALWAYS AS IDENTITY (MINVALUE 1) CONSTRAINT users_pkey PRIMARY KEY,
      kind user_kind NOT NULL DEFAULT 'known',
      id text COLLATE "C" NOT NULL,
      traits jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT users_kind_id_key UNIQUE (kind, id),
      CONSTRAINT users_id_length CHECK (char_length(id) BETWEEN 1 AND 255),
      CONSTRAINT users_id_characters CHECK (id !~ '[\\x01-\\x1f\\x7f-\\x9f]')
    )`);
  await runner.query(`
    CREATE TABLE merges (
      id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT merges_pkey PRIMARY KEY,
      anonymous_seq integer NOT NULL,
      known_seq integer NOT NULL,
      since timestamptz NOT NULL DEFAULT now(),
      merged_by text NOT NULL,
      undone_at timestamptz,
      undone_by text,
      CONSTRAINT merges_anonymous_seq_fkey FOREIGN KEY (anonymous_seq) REFERENCES users (seq),
      CONSTRAINT merges_known_seq_fkey FOREIGN KEY (known_seq) REFERENCES users (seq),
      CONSTRAINT merges_two_users CHECK (anonymous_seq <> known_seq)
    )`);
  await runner.query(
    'CREATE UNIQUE INDEX merges_active_key ON merges (anonymous_seq) WHERE undone_at IS NULL',
  );
}

/** Kinds apply when events are read: the original report counts by kind, never by name. */
async function createNames(runner: QueryRunner): Promise<void> {
  await runner.query(`CREATE TYPE event_kind AS ENUM ('click', 'impression', 'none')`);
  await runner.query(`
    CREATE TABLE event_names (
      id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT event_names_pkey PRIMARY KEY,
      name text COLLATE "C" NOT NULL,
      kind event_kind NOT NULL DEFAULT 'none',
      CONSTRAINT event_names_name_key UNIQUE (name),
      CONSTRAINT event_names_name_length CHECK (char_length(name) BETWEEN 1 AND 100),
      CONSTRAINT event_names_name_characters CHECK (name !~ '[\\x01-\\x1f\\x7f-\\x9f]')
    )`);
  await runner.query(
    `INSERT INTO event_names (name, kind) VALUES ('click', 'click'), ('impression', 'impression')`,
  );
  await runner.query(`
    CREATE TABLE sources (
      id smallint GENERATED ALWAYS AS IDENTITY CONSTRAINT sources_pkey PRIMARY KEY,
      name text COLLATE "C" NOT NULL,
      CONSTRAINT sources_name_key UNIQUE (name),
      CONSTRAINT sources_name_length CHECK (char_length(name) BETWEEN 1 AND 100),
      CONSTRAINT sources_name_characters CHECK (name !~ '[\\x01-\\x1f\\x7f-\\x9f]')
    )`);
  await runner.query(`INSERT INTO sources (name) VALUES ('default')`);
}

/**
 * The key leads with time: inserts stay local, and the key is the index of every window. There is
 * no foreign key: `record_events` has just looked each number up, and checking again per row costs.
 */
async function createEvents(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE events (
      time timestamptz NOT NULL,
      id uuid NOT NULL,
      user_seq integer NOT NULL,
      name_id integer NOT NULL,
      source_id smallint NOT NULL DEFAULT 1,
      bot boolean NOT NULL DEFAULT false,
      properties jsonb,
      CONSTRAINT events_pkey PRIMARY KEY (time, id, user_seq),
      CONSTRAINT events_time_range CHECK (
        time >= '0001-01-01 00:00:00Z' AND time < '10000-01-01 00:00:00Z'),
      CONSTRAINT events_properties_object CHECK (jsonb_typeof(properties) = 'object')
    )`);
  await runner.query('CREATE INDEX events_user_seq_time_idx ON events (user_seq, time)');
}
