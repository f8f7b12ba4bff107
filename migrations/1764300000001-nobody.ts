import type { MigrationInterface, QueryRunner } from 'typeorm';
import { Rollups1764100000001 } from './1764100000001-rollups.js';

/**
 * Rollups and deltas tell how many of their events are nobody's: their sets of users can't, since user
 * 0 is in none.
 */
export class Nobody1764300000001 implements MigrationInterface {
  name = 'Nobody1764300000001';

  async up(runner: QueryRunner): Promise<void> {
    await this.keepOthersOut(runner);
    await runner.query('ALTER TABLE rollup_deltas ADD COLUMN nobody integer NOT NULL DEFAULT 0');
    await runner.query('ALTER TABLE rollups ADD COLUMN nobody bigint NOT NULL DEFAULT 0');
    await dropInsertTrigger(runner);
    await this.createInsertTrigger(runner);
    // Rows of these minutes, and deltas that wait there, say 0: folders read the minutes anew, and
    // until then queries read their events. Below the horizon there are none to read, and 0 stays.
    await runner.query(`
      INSERT INTO rollup_repairs (minute)
      SELECT DISTINCT ${MINUTE} FROM events, horizon
      WHERE user_seq = 0 AND name_id > 0 AND time >= raw_from`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await this.keepOthersOut(runner);
    await dropInsertTrigger(runner);
    await new Rollups1764100000001().createInsertTrigger(runner);
    await runner.query('ALTER TABLE rollup_deltas DROP COLUMN nobody');
    await runner.query('ALTER TABLE rollups DROP COLUMN nobody');
  }

  /** A later migration that replaces the trigger brings this one back when it's undone. */
  async createInsertTrigger(runner: QueryRunner): Promise<void> {
    for (const statement of INSERT_TRIGGER) await runner.query(statement);
  }

  /**
   * Writers and queries hold `events`, so that after this none is left who knows the tables as they
   * were: a writer would leave a delta that says 0 beside events that nobody else sees yet. Folders
   * don't; the others are taken in their order, so that neither waits for the other in a circle.
   */
  private async keepOthersOut(runner: QueryRunner): Promise<void> {
    for (const table of ['events', 'rollup_deltas', 'rollups']) {
      await runner.query(`LOCK TABLE ONLY ${table} IN ACCESS EXCLUSIVE MODE`);
    }
  }
}

async function dropInsertTrigger(runner: QueryRunner): Promise<void> {
  await runner.query('DROP TRIGGER events_insert_rollups ON events');
  await runner.query('DROP FUNCTION roll_up_insert');
}

/** By arithmetic in UTC, as the other triggers do. */
const MINUTE = `date_bin('1 minute', time, '0001-01-01 00:00:00Z')`;

/** As it was but for `nobody`; what is said there of the horizon and of the name 0 holds here, too. */
const INSERT_TRIGGER = [
  `CREATE FUNCTION roll_up_insert() RETURNS trigger LANGUAGE plpgsql
  SET search_path FROM CURRENT AS $$
  DECLARE
    known_from timestamptz;
  BEGIN
    LOCK TABLE horizon IN ROW SHARE MODE;
    SELECT raw_from INTO STRICT known_from FROM horizon;
    IF isfinite(known_from) AND EXISTS (SELECT FROM inserted WHERE time < known_from) THEN
      RAISE EXCEPTION 'there are no raw events before %', known_from
        USING ERRCODE = '22008', CONSTRAINT = 'events_above_horizon';
    END IF;
    INSERT INTO rollup_deltas (minute, source_id, bot, name_id, events, nobody, users)
    SELECT ${MINUTE}, source_id, bot, name_id, count(*), count(*) FILTER (WHERE user_seq = 0),
      array_agg(user_seq) FILTER (WHERE user_seq > 0)
    FROM inserted WHERE name_id > 0 GROUP BY 1, 2, 3, 4;
    RETURN NULL;
  END
  $$`,
  `CREATE TRIGGER events_insert_rollups AFTER INSERT ON events
  REFERENCING NEW TABLE AS inserted
  FOR EACH STATEMENT EXECUTE FUNCTION roll_up_insert()`,
];
