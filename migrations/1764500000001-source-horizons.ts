import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Rollups1764100000001 } from './1764100000001-rollups.js';
import { Nobody1764300000001 } from './1764300000001-nobody.js';

/**
 * Sources whose raw events are kept shorter than those of others have a horizon of their own, and
 * rollups have one, too. What the triggers ask of the horizon they ask of each event's source.
 */
export class SourceHorizons1764500000001 implements MigrationInterface {
  name = 'SourceHorizons1764500000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SOURCE_HORIZONS);
    await runner.query(ROLLUPS_FROM);
    for (const replacement of TRIGGER_FUNCTIONS) await runner.query(replacement);
    await runner.query(ROW_FUNCTION);
  }

  /**
   * Without horizons of their own all sources get the latest one, since nobody may read or rebuild what
   * a source no longer has. That rollups were removed can't be told any more. Where events are
   * compressed it fails: `events` can't have its old trigger then.
   */
  async down(runner: QueryRunner): Promise<void> {
    await runner.query('LOCK TABLE horizon IN EXCLUSIVE MODE');
    await runner.query(`
      UPDATE horizon SET raw_from = latest
      FROM (SELECT max(raw_from) AS latest FROM source_horizons) AS own WHERE latest > raw_from`);
    for (const event of ['insert', 'update', 'delete']) {
      await runner.query(`DROP TRIGGER events_${event}_rollups ON events`);
      await runner.query(`DROP FUNCTION roll_up_${event}`);
    }
    await runner.query('DROP FUNCTION roll_up_deleted_row');
    await new Nobody1764300000001().createInsertTrigger(runner);
    await new Rollups1764100000001().createChangeTriggers(runner);
    await runner.query('ALTER TABLE horizon DROP COLUMN rollups_from');
    await runner.query('DROP TABLE source_horizons');
  }
}

/**
 * The later one of `horizon.raw_from` and this holds for a source. Whoever changes it locks `horizon`.
 * Events before `removed_to` are removed already, so that nobody looks for them again.
 */
const SOURCE_HORIZONS = `
  CREATE TABLE source_horizons (
    source_id smallint NOT NULL CONSTRAINT source_horizons_pkey PRIMARY KEY,
    raw_from timestamptz NOT NULL,
    removed_to timestamptz NOT NULL DEFAULT '-infinity',
    CONSTRAINT source_horizons_minute CHECK (
      isfinite(raw_from) AND raw_from = date_bin('1 minute', raw_from, '0001-01-01 00:00:00Z')),
    CONSTRAINT source_horizons_removed CHECK (removed_to <= raw_from)
  )`;

/** Rollups of whole days are there from it on; events of before it are never taken. */
const ROLLUPS_FROM = `
  ALTER TABLE horizon ADD COLUMN rollups_from timestamptz NOT NULL DEFAULT '-infinity',
    ADD CONSTRAINT horizon_rollups_day CHECK (
      NOT isfinite(rollups_from)
      OR rollups_from = date_bin('24 hours', rollups_from, '0001-01-01 00:00:00Z')),
    ADD CONSTRAINT horizon_rollups_longer CHECK (rollups_from <= raw_from)`;

/** By arithmetic in UTC, as the other triggers do. */
const MINUTE = `date_bin('1 minute', time, '0001-01-01 00:00:00Z')`;

/** No event has the name 0: such a row only made a chunk that another source may need. */
const GUARD_HORIZONS = `
  LOCK TABLE horizon IN ROW SHARE MODE;
  SELECT raw_from INTO STRICT known_from FROM horizon;
  IF isfinite(known_from) AND EXISTS (SELECT FROM inserted WHERE time < known_from) THEN
    RAISE EXCEPTION 'there are no raw events before %', known_from
      USING ERRCODE = '22008', CONSTRAINT = 'events_above_horizon';
  END IF;
  IF EXISTS (SELECT FROM source_horizons) THEN
    SELECT own.raw_from INTO known_from FROM inserted JOIN source_horizons AS own USING (source_id)
    WHERE inserted.time < own.raw_from AND inserted.name_id > 0 LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'there are no raw events of this source before %', known_from
        USING ERRCODE = '22008', CONSTRAINT = 'events_above_horizon';
    END IF;
  END IF;`;

const APPEND_INSERTED = `
  INSERT INTO rollup_deltas (minute, source_id, bot, name_id, events, nobody, users)
  SELECT ${MINUTE}, source_id, bot, name_id, count(*), count(*) FILTER (WHERE user_seq = 0),
    array_agg(user_seq) FILTER (WHERE user_seq > 0)
  FROM inserted WHERE name_id > 0 GROUP BY 1, 2, 3, 4;`;

/** What is removed below its source's horizon stays counted: there is nothing to read anew. */
const REPAIR_CHANGED = `
  INSERT INTO rollup_repairs (minute)
  SELECT DISTINCT ${MINUTE} FROM horizon, removed LEFT JOIN source_horizons AS own USING (source_id)
  WHERE name_id > 0 AND time >= greatest(horizon.raw_from, own.raw_from);`;

const replaced = (event: string, body: string): string => `
  CREATE OR REPLACE FUNCTION roll_up_${event}() RETURNS trigger LANGUAGE plpgsql
  SET search_path FROM CURRENT AS $$
  DECLARE
    known_from timestamptz;
  BEGIN
    ${body}
    RETURN NULL;
  END
  $$`;

/** The triggers themselves stay, so that nobody who writes meanwhile is waited for. */
const TRIGGER_FUNCTIONS = [
  replaced('insert', GUARD_HORIZONS + APPEND_INSERTED),
  replaced(
    'update',
    `${GUARD_HORIZONS}
     ${REPAIR_CHANGED}
     INSERT INTO rollup_repairs (minute) SELECT DISTINCT ${MINUTE} FROM inserted WHERE name_id > 0;`,
  ),
  replaced('delete', `LOCK TABLE horizon IN ROW SHARE MODE; ${REPAIR_CHANGED}`),
];

/**
 * For a trigger on each row that takes the place of the one on DELETE: TimescaleDB compresses no table
 * that has one with a transition table. A transaction says once what minutes have to be read anew: what
 * others say of them may be dealt with before this one ends.
 */
const ROW_FUNCTION = `
  CREATE FUNCTION roll_up_deleted_row() RETURNS trigger LANGUAGE plpgsql
  SET search_path FROM CURRENT AS $$
  DECLARE
    changed timestamptz := date_bin('1 minute', OLD.time, '0001-01-01 00:00:00Z');
  BEGIN
    LOCK TABLE horizon IN ROW SHARE MODE;
    INSERT INTO rollup_repairs (minute)
    SELECT changed FROM horizon
    WHERE OLD.time >= greatest(horizon.raw_from, (SELECT own.raw_from FROM source_horizons AS own
        WHERE own.source_id = OLD.source_id))
      AND NOT EXISTS (SELECT FROM rollup_repairs AS known
        WHERE known.minute = changed AND known.xmin = pg_current_xact_id()::xid);
    RETURN NULL;
  END
  $$`;
