import type { MigrationInterface, QueryRunner } from 'typeorm';
import { RecordEvents1763900000002 } from './1763900000002-record-events.js';

/**
 * Takes `record_events` apart into steps that a writer can call one by one: it remembers the numbers
 * of users, names and sources, and then sends integers only. `record_events` is made of the same
 * steps, so that every way in behaves alike. `installation` tells this database from any other.
 */
export class ResolveAndStore1764000000001 implements MigrationInterface {
  name = 'ResolveAndStore1764000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(RESOLVE_SOURCES);
    await this.createResolveEventNames(runner);
    await runner.query(RESOLVE_USERS);
    await runner.query(STORE_EVENTS);
    await runner.query('DROP FUNCTION record_events');
    await runner.query(RECORD_EVENTS);
    await runner.query(
      `COMMENT ON FUNCTION record_events IS 'Stores events (arrays of equal length) and creates what is new; answers the outcome of each, in order'`,
    );
    await runner.query(`
      CREATE TABLE installation (
        id uuid NOT NULL CONSTRAINT installation_pkey PRIMARY KEY DEFAULT gen_random_uuid(),
        single boolean NOT NULL DEFAULT true CONSTRAINT installation_single CHECK (single),
        CONSTRAINT installation_single_key UNIQUE (single)
      )`);
    await runner.query('INSERT INTO installation DEFAULT VALUES');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE installation');
    await runner.query('DROP FUNCTION record_events');
    await runner.query('DROP FUNCTION store_events');
    await runner.query('DROP FUNCTION resolve_users');
    await runner.query('DROP FUNCTION resolve_event_names');
    await runner.query('DROP FUNCTION resolve_sources');
    await new RecordEvents1763900000002().createRecordEvents(runner);
  }

  /** A later migration that replaces the function brings this one back when it's undone. */
  async createResolveEventNames(runner: QueryRunner): Promise<void> {
    await runner.query(RESOLVE_EVENT_NAMES);
  }
}

/*
 * Why they read as they do:
 * - Existing rows are found first, and only missing ones inserted: ON CONFLICT alone takes an
 *   identity value for every row that already exists.
 * - All writers take what they may wait for in one order (sources, names, users, events; each
 *   sorted), so they never wait for each other in a circle.
 * - Each look-up is a scalar subquery over an index: on a young table without statistics the
 *   planner would otherwise join by reading all users. Hence also enable_seqscan.
 * - The search path is kept from the time of creation, so the tables are found in their schema
 *   whatever the caller's path is.
 */

/** Numbers in the order of the names; 1 for NULL, and NULL where the limit forbids a new one. */
const RESOLVE_SOURCES = `
CREATE FUNCTION resolve_sources(source_names text[], source_limit integer DEFAULT 1000)
RETURNS smallint[] LANGUAGE plpgsql VOLATILE
SET search_path FROM CURRENT
SET enable_seqscan = off
AS $$
BEGIN
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

  RETURN ARRAY(
    SELECT CASE WHEN given.name IS NULL THEN 1::smallint ELSE (
      SELECT sources.id FROM sources WHERE sources.name = given.name
    ) END
    FROM unnest(source_names) WITH ORDINALITY AS given (name, place) ORDER BY place
  );
END
$$`;

const RESOLVE_EVENT_NAMES = `
CREATE FUNCTION resolve_event_names(names text[])
RETURNS integer[] LANGUAGE plpgsql VOLATILE
SET search_path FROM CURRENT
SET enable_seqscan = off
AS $$
BEGIN
  INSERT INTO event_names (name)
  SELECT DISTINCT given.name COLLATE "C" FROM unnest(names) AS given (name)
  WHERE (SELECT event_names.id FROM event_names WHERE event_names.name = given.name) IS NULL
  ORDER BY 1
  ON CONFLICT DO NOTHING;

  RETURN ARRAY(
    SELECT (SELECT event_names.id FROM event_names WHERE event_names.name = given.name)
    FROM unnest(names) WITH ORDINALITY AS given (name, place) ORDER BY place
  );
END
$$`;

/** Numbers in the order of the ids; 0, nobody, for NULL. Without kinds all are known users. */
const RESOLVE_USERS = `
CREATE FUNCTION resolve_users(user_ids text[], user_kinds user_kind[] DEFAULT NULL)
RETURNS integer[] LANGUAGE plpgsql VOLATILE
SET search_path FROM CURRENT
SET enable_seqscan = off
AS $$
BEGIN
  INSERT INTO users (kind, id)
  SELECT DISTINCT coalesce(given.kind, 'known'), given.id COLLATE "C"
  FROM unnest(user_ids, user_kinds) AS given (id, kind)
  WHERE given.id IS NOT NULL
    AND (SELECT users.seq FROM users
      WHERE users.kind = coalesce(given.kind, 'known') AND users.id = given.id) IS NULL
  ORDER BY 1, 2
  ON CONFLICT DO NOTHING;

  RETURN ARRAY(
    SELECT CASE WHEN given.id IS NULL THEN 0 ELSE (
      SELECT users.seq FROM users
      WHERE users.kind = coalesce(given.kind, 'known') AND users.id = given.id
    ) END
    FROM unnest(user_ids, user_kinds) WITH ORDINALITY AS given (id, kind, place) ORDER BY place
  );
END
$$`;

/** True in the place of each event that is new, false where its key was stored before. */
const STORE_EVENTS = `
CREATE FUNCTION store_events(
  times timestamptz[],
  ids uuid[],
  user_seqs integer[],
  name_ids integer[],
  source_ids smallint[],
  bots boolean[],
  properties jsonb[]
) RETURNS boolean[] LANGUAGE plpgsql VOLATILE
SET search_path FROM CURRENT
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
  outcomes boolean[];
BEGIN
  WITH given AS MATERIALIZED (
    SELECT time, id, user_seq, name_id, source_id, coalesce(bot, false) AS bot,
      nullif(details, '{}') AS properties, place
    FROM unnest(times, ids, user_seqs, name_ids, source_ids, bots, properties) WITH ORDINALITY
      AS input (time, id, user_seq, name_id, source_id, bot, details, place)
  ), firsts AS (
    SELECT DISTINCT ON (time, id, user_seq) * FROM given
    ORDER BY time, id, user_seq, place
  ), inserted AS (
    INSERT INTO events (time, id, user_seq, name_id, source_id, bot, properties)
    SELECT time, id, user_seq, name_id, source_id, bot, properties FROM firsts
    ON CONFLICT DO NOTHING
    RETURNING time, id, user_seq
  ), stored AS (
    SELECT firsts.place FROM firsts JOIN inserted USING (time, id, user_seq)
  )
  SELECT array_agg(stored.place IS NOT NULL ORDER BY given.place) INTO outcomes
  FROM given LEFT JOIN stored USING (place);
  RETURN coalesce(outcomes, '{}');
END
$$`;

const RECORD_EVENTS = `
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
AS $$
#variable_conflict use_column
DECLARE
  total integer := cardinality(times);
  source_ids smallint[];
  name_ids integer[];
  user_seqs integer[];
  kept_times timestamptz[];
  kept_ids uuid[];
  outcomes boolean[];
BEGIN
  IF times IS NULL OR user_ids IS NULL OR names IS NULL
    OR cardinality(user_ids) <> total OR cardinality(names) <> total
    OR cardinality(ids) <> total OR cardinality(user_kinds) <> total
    OR cardinality(source_names) <> total OR cardinality(bots) <> total
    OR cardinality(properties) <> total
  THEN
    RAISE EXCEPTION 'record_events takes arrays of equal length; times, user_ids and names are required' USING ERRCODE = '22023';
  END IF;

  source_ids := resolve_sources(
    coalesce(source_names, array_fill(NULL::text, ARRAY[total])), source_limit);
  name_ids := resolve_event_names(names);
  -- An event that is refused creates no user.
  user_seqs := resolve_users(ARRAY(
    SELECT CASE WHEN source IS NOT NULL THEN id END
    FROM unnest(user_ids, source_ids) WITH ORDINALITY AS given (id, source, place) ORDER BY place
  ), user_kinds);
  kept_times := ARRAY(
    SELECT date_trunc('milliseconds', coalesce(time, clock_timestamp()))
    FROM unnest(times) WITH ORDINALITY AS given (time, place) ORDER BY place
  );
  kept_ids := ARRAY(
    SELECT coalesce(id, uuid_v7())
    FROM unnest(times, ids) WITH ORDINALITY AS given (time, id, place) ORDER BY place
  );

  SELECT store_events(
    array_agg(time ORDER BY place), array_agg(id ORDER BY place),
    array_agg(user_seq ORDER BY place), array_agg(name_id ORDER BY place),
    array_agg(source_id ORDER BY place), array_agg(bot ORDER BY place), array_agg(details ORDER BY place)
  ) INTO outcomes
  FROM unnest(kept_times, kept_ids, user_seqs, name_ids, source_ids, bots, properties)
    WITH ORDINALITY AS given (time, id, user_seq, name_id, source_id, bot, details, place)
  WHERE source_id IS NOT NULL;

  RETURN QUERY
  SELECT (place - 1)::integer, id,
    CASE
      WHEN source_id IS NULL THEN 'source_limit'
      WHEN outcomes[count(source_id) OVER (ORDER BY place)] THEN 'stored'
      ELSE 'duplicate'
    END
  FROM unnest(kept_ids, source_ids) WITH ORDINALITY AS given (id, source_id, place)
  ORDER BY place;
END
$$`;
