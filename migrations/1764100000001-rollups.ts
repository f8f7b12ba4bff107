import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Rollups of the events, by minute, 15 minutes, hour and day, and the deltas that keep them exact: a
 * trigger writes what each statement really inserted, in the same transaction, whatever way it took.
 */
export class Rollups1764100000001 implements MigrationInterface {
  name = 'Rollups1764100000001';

  async up(runner: QueryRunner): Promise<void> {
    await keepMilliseconds(runner);
    await createRollups(runner);
    await createDeltas(runner);
    await createHorizon(runner);
    await createMergesVersion(runner);
    await this.createMergesTrigger(runner);
    await this.createInsertTrigger(runner);
    await this.createChangeTriggers(runner);
    for (const statement of TRUNCATE_TRIGGER) await runner.query(statement);
    // What was stored before is waiting to be folded, like anything else.
    await runner.query(`${APPEND_DELTAS} FROM events WHERE name_id > 0 GROUP BY 1, 2, 3, 4`);
    await runner.query('CREATE INDEX event_names_kind_idx ON event_names (kind)');
    await this.createTraitsIndex(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE events DROP CONSTRAINT events_time_milliseconds');
    await runner.query('DROP INDEX event_names_kind_idx');
    await runner.query('DROP INDEX users_traits_idx');
    for (const event of ['insert', 'update', 'delete', 'truncate']) {
      await runner.query(`DROP TRIGGER events_${event}_rollups ON events`);
      await runner.query(`DROP FUNCTION roll_up_${event}`);
    }
    await runner.query('DROP TRIGGER merges_version ON merges');
    await runner.query('DROP FUNCTION advance_merges_version');
    for (const table of TABLES) await runner.query(`DROP TABLE ${table}`);
    await runner.query('DROP SEQUENCE rollup_versions');
  }

  /** A later migration that replaces the index brings this one back when it's undone. */
  async createTraitsIndex(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX users_traits_idx ON users USING gin (traits) ${WITH_TRAITS}`);
  }

  /** The same for what tells those who remember the merges that there were new ones. */
  async createMergesTrigger(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE FUNCTION advance_merges_version() RETURNS trigger LANGUAGE plpgsql
      SET search_path FROM CURRENT AS $$
      BEGIN
        UPDATE merges_version SET version = version + 1;
        RETURN NULL;
      END
      $$`);
    await runner.query(`
      CREATE TRIGGER merges_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON merges
      FOR EACH STATEMENT EXECUTE FUNCTION advance_merges_version()`);
  }

  /** And for what appends the deltas of events that are inserted. */
  async createInsertTrigger(runner: QueryRunner): Promise<void> {
    await runner.query(triggerFunction('insert', GUARD_HORIZON + APPEND_INSERTED));
    await runner.query(trigger('insert', 'REFERENCING NEW TABLE AS inserted'));
  }

  /** And for what has the minutes read anew whose events are changed or removed. */
  async createChangeTriggers(runner: QueryRunner): Promise<void> {
    for (const statement of CHANGE_TRIGGERS) await runner.query(statement);
  }
}

const TABLES = [
  'merges_version',
  'horizon',
  'rollup_repairs',
  'rollup_deltas',
  'rollup_names',
  'rollups',
];

/**
 * Every way in drops what is finer than a millisecond, and so does whoever reads: a plain INSERT must
 * not keep it.
 */
async function keepMilliseconds(runner: QueryRunner): Promise<void> {
  const whole = `date_bin('1 millisecond', time, '0001-01-01 00:00:00Z')`;
  await runner.query(`UPDATE events SET time = ${whole} WHERE time <> ${whole}`);
  await runner.query(
    `ALTER TABLE events ADD CONSTRAINT events_time_milliseconds CHECK (time = ${whole})`,
  );
}

/** Most users are known by their events alone. */
const WITH_TRAITS = `WHERE traits <> '{}'`;

/**
 * `users` is a Roaring bitmap of `users.seq` in the portable format; it is dense already, so that
 * PostgreSQL needn't try to compress it. `name_id` is 0 for all names together, and -1 for all names
 * that a source has past its limit (`rollup_names` has those before it). The rows of today are written anew every
 * few seconds, with sets as large as they get: what they were is cleared away early.
 */
async function createRollups(runner: QueryRunner): Promise<void> {
  await runner.query('CREATE SEQUENCE rollup_versions');
  await runner.query(`
    CREATE TABLE rollups (
      grain smallint NOT NULL,
      bucket timestamptz NOT NULL,
      source_id smallint NOT NULL,
      bot boolean NOT NULL,
      name_id integer NOT NULL,
      events bigint NOT NULL,
      user_count integer NOT NULL,
      users bytea NOT NULL,
      version bigint NOT NULL DEFAULT nextval('rollup_versions'),
      CONSTRAINT rollups_pkey PRIMARY KEY (grain, bucket, source_id, bot, name_id),
      CONSTRAINT rollups_grain CHECK (grain IN (1, 15, 60, 1440))
    ) WITH (autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_scale_factor = 0.02)`);
  await runner.query('ALTER TABLE rollups ALTER COLUMN users SET STORAGE EXTERNAL');
  await runner.query(`
    CREATE TABLE rollup_names (
      source_id smallint NOT NULL,
      name_id integer NOT NULL,
      CONSTRAINT rollup_names_pkey PRIMARY KEY (source_id, name_id)
    )`);
}

/** Rows come and go all the time: they are cleared away early, not after a fifth of the table. */
const VACUUM_OFTEN = `WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,
  autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 100000)`;

async function createDeltas(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE rollup_deltas (
      minute timestamptz NOT NULL,
      source_id smallint NOT NULL,
      bot boolean NOT NULL,
      name_id integer NOT NULL,
      events integer NOT NULL,
      users integer[]
    ) ${VACUUM_OFTEN}`);
  await runner.query('ALTER TABLE rollup_deltas ALTER COLUMN users SET STORAGE EXTERNAL');
  await runner.query('CREATE INDEX rollup_deltas_minute_idx ON rollup_deltas (minute)');
  // Minutes whose events were changed or removed: they are read anew.
  await runner.query('CREATE TABLE rollup_repairs (minute timestamptz NOT NULL)');
  await runner.query('CREATE INDEX rollup_repairs_minute_idx ON rollup_repairs (minute)');
}

/** Raw events are there from `raw_from` on, which never moves back. */
async function createHorizon(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE horizon (
      single boolean NOT NULL DEFAULT true CONSTRAINT horizon_pkey PRIMARY KEY,
      raw_from timestamptz NOT NULL DEFAULT '-infinity',
      CONSTRAINT horizon_single CHECK (single),
      CONSTRAINT horizon_minute CHECK (
        NOT isfinite(raw_from) OR raw_from = date_bin('1 minute', raw_from, '0001-01-01 00:00:00Z'))
    )`);
  await runner.query('INSERT INTO horizon DEFAULT VALUES');
}

async function createMergesVersion(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE merges_version (
      single boolean NOT NULL DEFAULT true CONSTRAINT merges_version_pkey PRIMARY KEY,
      version bigint NOT NULL DEFAULT 0,
      CONSTRAINT merges_version_single CHECK (single)
    )`);
  await runner.query('INSERT INTO merges_version DEFAULT VALUES');
}

/** By arithmetic in UTC: date_trunc would follow the session's zone, whose past may hold seconds. */
const MINUTE = `date_bin('1 minute', time, '0001-01-01 00:00:00Z')`;

/** No event has the name 0: such a row only made its chunk. Nobody, user 0, is in no set. */
const APPEND_DELTAS = `
  INSERT INTO rollup_deltas (minute, source_id, bot, name_id, events, users)
  SELECT ${MINUTE}, source_id, bot, name_id, count(*), array_agg(user_seq) FILTER (WHERE user_seq > 0)`;

/*
 * The horizon is locked first and read after: whoever moves it waits for writers that haven't
 * committed, and later ones see where it is. An event below it would be counted by no one.
 */
const GUARD_HORIZON = `
  LOCK TABLE horizon IN ROW SHARE MODE;
  SELECT raw_from INTO STRICT known_from FROM horizon;
  IF isfinite(known_from) AND EXISTS (SELECT FROM inserted WHERE time < known_from) THEN
    RAISE EXCEPTION 'there are no raw events before %', known_from
      USING ERRCODE = '22008', CONSTRAINT = 'events_above_horizon';
  END IF;`;

const APPEND_INSERTED = `${APPEND_DELTAS} FROM inserted WHERE name_id > 0 GROUP BY 1, 2, 3, 4;`;

/** Below the horizon there is nothing to read anew: what is removed there stays counted. */
const REPAIR_CHANGED = `
  INSERT INTO rollup_repairs (minute)
  SELECT DISTINCT ${MINUTE} FROM removed, horizon WHERE name_id > 0 AND time >= raw_from;`;

const triggerFunction = (event: string, body: string): string => `
  CREATE FUNCTION roll_up_${event}() RETURNS trigger LANGUAGE plpgsql
  SET search_path FROM CURRENT AS $$
  DECLARE
    known_from timestamptz;
  BEGIN
    ${body}
    RETURN NULL;
  END
  $$`;

const trigger = (event: string, tables: string): string => `
  CREATE TRIGGER events_${event}_rollups AFTER ${event} ON events ${tables}
  FOR EACH STATEMENT EXECUTE FUNCTION roll_up_${event}()`;

const CHANGE_TRIGGERS = [
  triggerFunction(
    'update',
    `${GUARD_HORIZON}
     ${REPAIR_CHANGED}
     INSERT INTO rollup_repairs (minute) SELECT DISTINCT ${MINUTE} FROM inserted WHERE name_id > 0;`,
  ),
  trigger('update', 'REFERENCING OLD TABLE AS removed NEW TABLE AS inserted'),
  triggerFunction('delete', `LOCK TABLE horizon IN ROW SHARE MODE; ${REPAIR_CHANGED}`),
  trigger('delete', 'REFERENCING OLD TABLE AS removed'),
];

const TRUNCATE_TRIGGER = [
  // In the order in which folders take them, so that neither waits for the other in a circle.
  triggerFunction('truncate', 'TRUNCATE rollup_deltas, rollup_repairs; TRUNCATE rollups;'),
  trigger('truncate', ''),
];
