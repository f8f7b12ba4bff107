import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * `record_events`: the one way in. It creates the users, event names and sources that are new and
 * stores the events, in one call, so that every SQL client gets the same behaviour.
 */
export class RecordEvents1763900000002 implements MigrationInterface {
  name = 'RecordEvents1763900000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(CREATE_UUID_V7);
    await this.createRecordEvents(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION record_events');
    await runner.query('DROP FUNCTION uuid_v7');
  }

  /** A later migration that replaces the function brings this one back when it's undone. */
  async createRecordEvents(runner: QueryRunner): Promise<void> {
    await runner.query(CREATE_RECORD_EVENTS);
    await runner.query(
      `COMMENT ON FUNCTION record_events IS 'Stores events (arrays of equal length) and creates what is new; answers the outcome of each, in order'`,
    );
  }
}

/** A time-ordered UUID (RFC 9562, version 7), since neighbours in time are neighbours in the key. */
const CREATE_UUID_V7 = `
CREATE FUNCTION uuid_v7() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
  SELECT encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
    PLACING substring(int8send((extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
    FROM 1 FOR 6), 52, 1), 53, 1), 'hex')::uuid
$$`;

/*
 * Why it reads as it does:
 * - Existing rows are found first, and only missing ones inserted: ON CONFLICT alone takes an
 *   identity value for every row that already exists.
 * - All writers take what they may wait for in one order (sources, names, users, events; each
 *   sorted), so they never wait for each other in a circle.
 * - Each look-up is a scalar subquery over an index: on a young table without statistics the
 *   planner would otherwise join by reading all users. Hence also enable_seqscan.
 * - The search path is kept from the time of creation, so the tables are found in their schema
 *   whatever the caller's path is.
 */
const CREATE_RECORD_EVENTS = `
CREATE FUNCTION record_events(
  times timestamptz[],
  user_ids text[],
  names text[],
  ids uuid[] DEFAULT NULL,
  user_kinds user_kind[] DEFAULT NULL,
  source_names text[] DEFAULT NULL,
  bots boolean[] DEFAULT NULL,
  properties jsonb[] DEFAULT NULL,
  source_limit integer DEFAULT 1000
) RETURNS TABLE (index integer, event_id uuid, status text)
LANGUAGE plpgsql VOLATILE
SET search_path FROM CURRENT
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
  total integer := cardinality(times);
BEGIN
  IF times IS NULL OR user_ids IS NULL OR names IS NULL
    OR cardinality(user_ids) <> total OR cardinality(names) <> total
    OR cardinality(ids) <> total OR cardinality(user_kinds) <> total
    OR cardinality(source_names) <> total OR cardinality(bots) <> total
    OR cardinality(properties) <> total
  THEN
    RAISE EXCEPTION 'record_events takes arrays of equal length; times, user_ids and names are required' USING ERRCODE = '22023';
  END IF;

  IF (SELECT count(*) FROM sources) < source_limit AND EXISTS (
    SELECT FROM unnest(source_names) AS given (name)
    WHERE given.name IS NOT NULL
      AND (SELECT sources.id FROM sources WHERE sources.name = given.name) IS NULL
  ) THEN
    -- One at a time, so that the limit holds.
    LOCK TABLE sources IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO sources (name)
    SELECT fresh.name FROM (
      SELECT DISTINCT given.name COLLATE "C" AS name FROM unnest(source_names) AS given (name)
      WHERE given.name IS NOT NULL
        AND (SELECT sources.id FROM sources WHERE sources.name = given.name) IS NULL
      ORDER BY 1
      LIMIT greatest(0, least(source_limit, 32767) - (SELECT count(*) FROM sources))
    ) AS fresh;
  END IF;

  INSERT INTO event_names (name)
  SELECT DISTINCT given.name COLLATE "C" FROM unnest(names) AS given (name)
  WHERE (SELECT event_names.id FROM event_names WHERE event_names.name = given.name) IS NULL
  ORDER BY 1
  ON CONFLICT DO NOTHING;

  INSERT INTO users (kind, id)
  SELECT DISTINCT coalesce(given.kind, 'known'), given.id COLLATE "C"
  FROM unnest(user_ids, user_kinds, source_names) AS given (id, kind, source)
  WHERE given.id IS NOT NULL
    AND (given.source IS NULL
      OR (SELECT sources.id FROM sources WHERE sources.name = given.source) IS NOT NULL)
    AND (SELECT users.seq FROM users
      WHERE users.kind = coalesce(given.kind, 'known') AND users.id = given.id) IS NULL
  ORDER BY 1, 2
  ON CONFLICT DO NOTHING;

  RETURN QUERY
  WITH given AS MATERIALIZED (
    SELECT
      place::integer - 1 AS place,
      date_trunc('milliseconds', coalesce(time, clock_timestamp())) AS time,
      coalesce(id, uuid_v7()) AS id,
      CASE WHEN user_id IS NULL THEN 0 ELSE (
        SELECT users.seq FROM users
        WHERE users.kind = coalesce(user_kind, 'known') AND users.id = user_id
      ) END AS user_seq,
      (SELECT event_names.id FROM event_names WHERE event_names.name = event_name) AS name_id,
      CASE WHEN source IS NULL THEN 1::smallint ELSE (
        SELECT sources.id FROM sources WHERE sources.name = source
      ) END AS source_id,
      coalesce(bot, false) AS bot,
      nullif(details, '{}') AS properties
    FROM unnest(times, ids, user_ids, user_kinds, names, source_names, bots, properties)
      WITH ORDINALITY
      AS input (time, id, user_id, user_kind, event_name, source, bot, details, place)
  ), firsts AS (
    SELECT DISTINCT ON (time, id, user_seq) * FROM given
    WHERE source_id IS NOT NULL
    ORDER BY time, id, user_seq, place
  ), inserted AS (
    INSERT INTO events (time, id, user_seq, name_id, source_id, bot, properties)
    SELECT time, id, user_seq, name_id, source_id, bot, properties FROM firsts
    ON CONFLICT DO NOTHING
    RETURNING time, id, user_seq
  ), stored AS (
    SELECT firsts.place FROM firsts JOIN inserted USING (time, id, user_seq)
  )
  SELECT given.place, given.id,
    CASE
      WHEN given.source_id IS NULL THEN 'source_limit'
      WHEN stored.place IS NOT NULL THEN 'stored'
      ELSE 'duplicate'
    END
  FROM given LEFT JOIN stored USING (place)
  ORDER BY given.place;
END
$$`;
