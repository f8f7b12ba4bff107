import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ResolveAndStore1764000000001 } from './1764000000001-resolve-and-store.js';
import { Rollups1764100000001 } from './1764100000001-rollups.js';
import { FUNCTION_NAMES, FUNCTIONS } from './support/identity-functions.js';

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
  await runner.query('CREATE INDEX merges_known_seq_idx ON merges (known_seq, id)');
  await runner.query('CREATE INDEX merges_anonymous_seq_idx ON merges (anonymous_seq, id)');
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
  // Once in a transaction is enough: each further row version would be walked through by all later.
  trigger(
    'advance_merges_version',
    `UPDATE merges_version SET version = version + 1
    WHERE xmin IS DISTINCT FROM pg_current_xact_id()::xid; RETURN NULL;`,
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
