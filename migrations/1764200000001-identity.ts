import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ResolveAndStore1764000000001 } from './1764000000001-resolve-and-store.js';
import { Rollups1764100000001 } from './1764100000001-rollups.js';

/**
 * Who users are: traits with the time of each, merges that can be undone and those that were refused,
 * groups and their members, and kinds for the names that Segment's specification gives clicks and
 * impressions.
 */
export class Identity1764200000001 implements MigrationInterface {
  name = 'Identity1764200000001';

  async up(runner: QueryRunner): Promise<void> {
    await addTraits(runner);
    await addMergeHistory(runner);
    await createGroups(runner);
    for (const statement of FUNCTIONS) await runner.query(statement);
    await giveKindsByName(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of FUNCTION_NAMES) await runner.query(`DROP FUNCTION ${name}`);
    await runner.query('DROP FUNCTION resolve_event_names');
    await runner.query('DROP FUNCTION default_event_kind');
    await new ResolveAndStore1764000000001().createResolveEventNames(runner);
    await runner.query('DROP TABLE memberships');
    await runner.query('DROP TABLE groups');
    await removeMergeHistory(runner);
    await runner.query('DROP INDEX users_person_traits_idx');
    await runner.query('ALTER TABLE users DROP COLUMN alias_traits, DROP COLUMN trait_times');
    await new Rollups1764100000001().createTraitsIndex(runner);
  }
}

/**
 * `traits` are a user's own, set by key, and `trait_times` says when each was, in milliseconds: what
 * comes late changes nothing that is newer. `alias_traits` are those of the anonymous users who were
 * merged into this one; a person has both, and their own count where both have a key.
 */
async function addTraits(runner: QueryRunner): Promise<void> {
  await runner.query(`
    ALTER TABLE users
      ADD COLUMN trait_times jsonb NOT NULL DEFAULT '{}',
      ADD COLUMN alias_traits jsonb NOT NULL DEFAULT '{}'`);
  await runner.query('DROP INDEX users_traits_idx');
  // Most users are known by their events alone.
  await runner.query(`
    CREATE INDEX users_person_traits_idx ON users USING gin ((alias_traits || traits))
    WHERE (alias_traits || traits) <> '{}'`);
}

/** `version` tells who remembers merges which rows are new; `merges_reset` that some are gone. */
async function addMergeHistory(runner: QueryRunner): Promise<void> {
  await runner.query('ALTER TABLE merges ADD COLUMN version bigint NOT NULL DEFAULT 0');
  await runner.query('CREATE INDEX merges_known_seq_idx ON merges (known_seq)');
  await runner.query('CREATE INDEX merges_anonymous_seq_idx ON merges (anonymous_seq)');
  await runner.query('CREATE INDEX merges_version_idx ON merges (version)');
  await runner.query('ALTER TABLE merges_version ADD COLUMN reset_at bigint NOT NULL DEFAULT 0');
  await runner.query(`
    CREATE TABLE merge_refusals (
      from_seq integer NOT NULL,
      into_seq integer NOT NULL,
      reason text NOT NULL,
      times integer NOT NULL DEFAULT 1,
      first_at timestamptz NOT NULL DEFAULT now(),
      last_at timestamptz NOT NULL DEFAULT now(),
      refused_by text NOT NULL,
      CONSTRAINT merge_refusals_pkey PRIMARY KEY (from_seq, into_seq)
    )`);
  await runner.query('CREATE INDEX merge_refusals_into_seq_idx ON merge_refusals (into_seq)');
  await runner.query('CREATE INDEX merge_refusals_last_at_idx ON merge_refusals (last_at)');
  await runner.query('DROP TRIGGER merges_version ON merges');
  await runner.query('DROP FUNCTION advance_merges_version');
  for (const statement of VERSION_TRIGGERS) await runner.query(statement);
}

async function removeMergeHistory(runner: QueryRunner): Promise<void> {
  for (const [name, event] of [
    ['merges_advance', 'advance_merges_version'],
    ['merges_stamp', 'stamp_merge'],
    ['merges_reset', 'reset_merges_version'],
  ]) {
    await runner.query(`DROP TRIGGER ${name} ON merges`);
    await runner.query(`DROP FUNCTION ${event}`);
  }
  await runner.query('DROP TABLE merge_refusals');
  await runner.query('DROP INDEX merges_version_idx');
  await runner.query('DROP INDEX merges_anonymous_seq_idx');
  await runner.query('DROP INDEX merges_known_seq_idx');
  await runner.query('ALTER TABLE merges DROP COLUMN version');
  await runner.query('ALTER TABLE merges_version DROP COLUMN reset_at');
  await new Rollups1764100000001().createMergesTrigger(runner);
}

const trigger = (name: string, body: string): string => `
  CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
  BEGIN
    ${body}
  END
  $$`;

const VERSION_TRIGGERS = [
  trigger(
    'advance_merges_version',
    'UPDATE merges_version SET version = version + 1; RETURN NULL;',
  ),
  trigger('stamp_merge', 'SELECT version INTO NEW.version FROM merges_version; RETURN NEW;'),
  trigger(
    'reset_merges_version',
    'UPDATE merges_version SET version = version + 1, reset_at = version + 1; RETURN NULL;',
  ),
  `CREATE TRIGGER merges_advance BEFORE INSERT OR UPDATE ON merges
   FOR EACH STATEMENT EXECUTE FUNCTION advance_merges_version()`,
  `CREATE TRIGGER merges_stamp BEFORE INSERT OR UPDATE ON merges
   FOR EACH ROW EXECUTE FUNCTION stamp_merge()`,
  `CREATE TRIGGER merges_reset AFTER DELETE OR TRUNCATE ON merges
   FOR EACH STATEMENT EXECUTE FUNCTION reset_merges_version()`,
];

async function createGroups(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE groups (
      seq integer GENERATED ALWAYS AS IDENTITY (MINVALUE 1) CONSTRAINT groups_pkey PRIMARY KEY,
      id text COLLATE "C" NOT NULL,
      traits jsonb NOT NULL DEFAULT '{}',
      trait_times jsonb NOT NULL DEFAULT '{}',
      created_at timestamptz NOT NULL DEFAULT now(),
      CONSTRAINT groups_id_key UNIQUE (id),
      CONSTRAINT groups_id_length CHECK (char_length(id) BETWEEN 1 AND 255),
      CONSTRAINT groups_id_characters CHECK (id !~ '[\\x01-\\x1f\\x7f-\\x9f]')
    )`);
  await runner.query(`
    CREATE TABLE memberships (
      user_seq integer NOT NULL,
      group_seq integer NOT NULL,
      since timestamptz NOT NULL,
      CONSTRAINT memberships_pkey PRIMARY KEY (user_seq, group_seq),
      CONSTRAINT memberships_user_seq_fkey FOREIGN KEY (user_seq) REFERENCES users (seq),
      CONSTRAINT memberships_group_seq_fkey FOREIGN KEY (group_seq) REFERENCES groups (seq)
    )`);
  await runner.query('CREATE INDEX memberships_group_seq_idx ON memberships (group_seq)');
}

const FUNCTION_NAMES = [
  'apply_identities',
  'undo_merge',
  'join_group',
  'merge_users',
  'set_traits',
  'refresh_alias_traits',
  'newest_traits',
];

/*
 * Whoever changes identities holds the one row of merges_version until the end of the transaction,
 * so each change sees all that was before: two merges at once can't both be the first.
 */
const FUNCTIONS = [
  // Sets each key that wasn't set later; null removes one. A retry, or what comes late, changes nothing.
  `CREATE FUNCTION newest_traits(
    INOUT traits jsonb, INOUT trait_times jsonb, given jsonb, at_ms bigint
  ) LANGUAGE plpgsql IMMUTABLE SET search_path FROM CURRENT AS $$
  DECLARE
    fresh jsonb;
  BEGIN
    fresh := (SELECT jsonb_object_agg(key, value) FROM jsonb_each(given)
      WHERE coalesce((trait_times ->> key)::bigint, at_ms) <= at_ms);
    IF fresh IS NULL THEN RETURN; END IF;
    traits := (traits || fresh) - ARRAY(SELECT key FROM jsonb_each(fresh) WHERE value = 'null');
    trait_times := trait_times
      || (SELECT jsonb_object_agg(key, at_ms) FROM jsonb_object_keys(fresh) AS key);
    IF (SELECT count(*) FROM jsonb_object_keys(trait_times)) > 1000
      OR octet_length(traits::text) > 131072
    THEN
      RAISE EXCEPTION 'at most 1,000 traits, of 128 KB in all'
        USING ERRCODE = '22023', CONSTRAINT = 'traits_limit';
    END IF;
  END
  $$`,
  // Of each key the newest among the aliases, and no more than a user of their own may have.
  `CREATE FUNCTION refresh_alias_traits(person integer) RETURNS void LANGUAGE sql VOLATILE
  SET search_path FROM CURRENT AS $$
    WITH newest AS (
      SELECT DISTINCT ON (key) key, value, (users.trait_times ->> key)::bigint AS at_ms
      FROM merges JOIN users ON users.seq = merges.anonymous_seq, jsonb_each(users.traits)
      WHERE merges.known_seq = person AND merges.undone_at IS NULL AND users.traits <> '{}'
      ORDER BY key, (users.trait_times ->> key)::bigint DESC NULLS LAST, merges.id DESC
    ), counted AS (
      SELECT key, value,
        sum(octet_length(key) + octet_length(value::text)) OVER latest AS bytes,
        row_number() OVER latest AS place
      FROM newest WINDOW latest AS (ORDER BY at_ms DESC NULLS LAST, key)
    ), kept AS (
      SELECT coalesce(jsonb_object_agg(key, value), '{}') AS traits
      FROM counted WHERE bytes <= 131072 AND place <= 1000
    )
    UPDATE users SET alias_traits = kept.traits FROM kept
    WHERE users.seq = person AND users.alias_traits <> kept.traits
  $$`,
  `CREATE FUNCTION set_traits(for_seq integer, given jsonb, at_ms bigint) RETURNS void
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
  DECLARE
    newest record;
    person integer;
  BEGIN
    SELECT changed.* INTO STRICT newest
    FROM users, newest_traits(users.traits, users.trait_times, given, at_ms) AS changed
    WHERE seq = for_seq;
    UPDATE users SET traits = newest.traits, trait_times = newest.trait_times
    WHERE seq = for_seq AND (traits, trait_times) IS DISTINCT FROM (newest.traits, newest.trait_times);
    SELECT known_seq INTO person FROM merges WHERE anonymous_seq = for_seq AND undone_at IS NULL;
    IF FOUND THEN PERFORM refresh_alias_traits(person); END IF;
  END
  $$`,
  // An anonymous user belongs to the first person; what else is asked for is noted as refused.
  `CREATE FUNCTION merge_users(alias integer, person integer, by_whom text) RETURNS text
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
  DECLARE
    current integer;
    refusal text;
  BEGIN
    SELECT known_seq INTO current FROM merges WHERE anonymous_seq = alias AND undone_at IS NULL;
    IF current = person THEN RETURN 'merged'; END IF;
    refusal := CASE
      WHEN alias = person THEN 'itself'
      WHEN (SELECT kind FROM users WHERE seq = alias) = 'known' THEN 'both_known'
      WHEN current IS NOT NULL THEN 'belongs_to_another'
    END;
    IF refusal IS NULL THEN
      INSERT INTO merges (anonymous_seq, known_seq, merged_by) VALUES (alias, person, by_whom);
      PERFORM refresh_alias_traits(person) FROM users WHERE seq = alias AND traits <> '{}';
      RETURN 'merged';
    END IF;
    INSERT INTO merge_refusals AS known (from_seq, into_seq, reason, refused_by)
    VALUES (alias, person, refusal, by_whom)
    ON CONFLICT (from_seq, into_seq) DO UPDATE SET reason = excluded.reason,
      times = known.times + 1, last_at = excluded.last_at, refused_by = excluded.refused_by;
    RETURN refusal;
  END
  $$`,
  `CREATE FUNCTION join_group(member integer, group_id text, given jsonb, at_ms bigint) RETURNS void
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
  DECLARE
    known record;
    newest record;
  BEGIN
    INSERT INTO groups (id) SELECT group_id
    WHERE NOT EXISTS (SELECT FROM groups WHERE groups.id = group_id)
    ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT known FROM groups WHERE groups.id = group_id;
    IF given IS NOT NULL THEN
      newest := newest_traits(known.traits, known.trait_times, given, at_ms);
      UPDATE groups SET traits = newest.traits, trait_times = newest.trait_times
      WHERE seq = known.seq;
    END IF;
    -- Nobody belongs to no group.
    IF member = 0 THEN RETURN; END IF;
    INSERT INTO memberships AS had (user_seq, group_seq, since)
    VALUES (member, known.seq, to_timestamp(at_ms / 1000.0))
    ON CONFLICT (user_seq, group_seq) DO UPDATE SET since = excluded.since
    WHERE had.since > excluded.since;
  END
  $$`,
  `CREATE FUNCTION undo_merge(merge_id integer, by_whom text) RETURNS boolean
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
  DECLARE
    person integer;
  BEGIN
    PERFORM FROM merges_version FOR UPDATE;
    UPDATE merges SET undone_at = clock_timestamp(), undone_by = by_whom
    WHERE id = merge_id AND undone_at IS NULL RETURNING known_seq INTO person;
    IF NOT FOUND THEN RETURN false; END IF;
    PERFORM refresh_alias_traits(person);
    RETURN true;
  END
  $$`,
  // In order. Of a change each part may be missing: traits, the anonymous or previous user who is
  // this one, a group; at in milliseconds and by stand in each.
  `CREATE FUNCTION apply_identities(user_seqs integer[], changes jsonb[]) RETURNS void
  LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT SET enable_seqscan = off AS $$
  DECLARE
    change jsonb;
    member integer;
    at_ms bigint;
    previous integer;
  BEGIN
    PERFORM FROM merges_version FOR UPDATE;
    FOR place IN 1 .. coalesce(cardinality(user_seqs), 0) LOOP
      change := changes[place];
      member := user_seqs[place];
      at_ms := (change ->> 'at')::bigint;
      IF change ? 'anonymous' THEN
        PERFORM merge_users(
          (resolve_users(ARRAY[change ->> 'anonymous'], ARRAY['anonymous'::user_kind]))[1],
          member, change ->> 'by');
      END IF;
      IF change ? 'previous' THEN
        -- Ids of both kinds may be meant; one that nobody had yet is taken for an anonymous user's.
        SELECT seq INTO previous FROM users
        WHERE id = change ->> 'previous' ORDER BY kind DESC LIMIT 1;
        IF NOT FOUND THEN
          previous := (resolve_users(ARRAY[change ->> 'previous'], ARRAY['anonymous'::user_kind]))[1];
        END IF;
        PERFORM merge_users(previous, member, change ->> 'by');
      END IF;
      IF change ? 'traits' THEN PERFORM set_traits(member, change -> 'traits', at_ms); END IF;
      IF change ? 'traits_once' THEN
        PERFORM set_traits(member, jsonb_object_agg(key, value), at_ms)
        FROM jsonb_each(change -> 'traits_once'), users
        WHERE users.seq = member AND NOT users.traits ? key HAVING count(*) > 0;
      END IF;
      IF change ? 'group' THEN
        PERFORM join_group(member, change ->> 'group', change -> 'group_traits', at_ms);
      END IF;
    END LOOP;
  END
  $$`,
];

/** The names of clicks and impressions in Segment's ecommerce specification, its older form too. */
const CLICKS = [
  'click',
  'product clicked',
  'promotion clicked',
  'clicked product',
  'clicked promotion',
];
const IMPRESSIONS = [
  'impression',
  'promotion viewed',
  'product list viewed',
  'viewed promotion',
  'viewed product list',
];

async function giveKindsByName(runner: QueryRunner): Promise<void> {
  const list = (names: string[]): string => names.map((name) => `'${name}'`).join(', ');
  await runner.query(`
    CREATE FUNCTION default_event_kind(name text) RETURNS event_kind LANGUAGE sql IMMUTABLE
    SET search_path FROM CURRENT AS $$
      SELECT CASE
        WHEN lower(name) IN (${list(CLICKS)}) THEN 'click'::event_kind
        WHEN lower(name) IN (${list(IMPRESSIONS)}) THEN 'impression'::event_kind
        ELSE 'none'::event_kind
      END
    $$`);
  await runner.query(`
    UPDATE event_names SET kind = default_event_kind(name)
    WHERE kind = 'none' AND default_event_kind(name) <> 'none'`);
  await runner.query(`
    CREATE OR REPLACE FUNCTION resolve_event_names(names text[])
    RETURNS integer[] LANGUAGE plpgsql VOLATILE
    SET search_path FROM CURRENT
    SET enable_seqscan = off
    AS $$
    BEGIN
      INSERT INTO event_names (name, kind)
      SELECT DISTINCT given.name COLLATE "C", default_event_kind(given.name)
      FROM unnest(names) AS given (name)
      WHERE (SELECT event_names.id FROM event_names WHERE event_names.name = given.name) IS NULL
      ORDER BY 1
      ON CONFLICT DO NOTHING;

      RETURN ARRAY(
        SELECT (SELECT event_names.id FROM event_names WHERE event_names.name = given.name)
        FROM unnest(names) WITH ORDINALITY AS given (name, place) ORDER BY place
      );
    END
    $$`);
}
