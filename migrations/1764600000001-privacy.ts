import { createHash, randomBytes } from 'node:crypto';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { ERASURE_FUNCTION_NAMES, ERASURE_FUNCTIONS } from './support/erasure-functions.js';

/** Of SHA-256. */
const BLOCK_BYTES = 64;

/**
 * What is kept of users who were erased: keyed hashes of their ids for a while, so that older events
 * of theirs are refused; their numbers, which stand for nobody any more; and what each erasure removed.
 */
export class Privacy1764600000001 implements MigrationInterface {
  name = 'Privacy1764600000001';

  async up(runner: QueryRunner): Promise<void> {
    await createErasureKey(runner);
    await createTables(runner);
    await runner.query('ALTER FUNCTION record_events RENAME TO record_living_events');
    for (const statement of ERASURE_FUNCTIONS) await runner.query(statement);
    await runner.query(
      `COMMENT ON FUNCTION record_events IS 'Stores events (arrays of equal length) and creates what is new; answers the outcome of each, in order'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TRIGGER events_insert_erased ON events');
    for (const name of ERASURE_FUNCTION_NAMES) await runner.query(`DROP FUNCTION ${name}`);
    await runner.query('ALTER FUNCTION record_living_events RENAME TO record_events');
    for (const table of ['erasures', 'erased_numbers', 'tombstones', 'erasure_key']) {
      await runner.query(`DROP TABLE ${table}`);
    }
  }
}

/**
 * The key by which ids are hashed (HMAC, RFC 2104), as the two blocks that it begins its hashes with:
 * the database has SHA-256, and nothing that makes these of a key. It's made here, once, and never
 * leaves the database, since every way in has to find ids, SQL clients too.
 */
async function createErasureKey(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE erasure_key (
      single boolean NOT NULL DEFAULT true CONSTRAINT erasure_key_pkey PRIMARY KEY,
      inner_block bytea NOT NULL,
      outer_block bytea NOT NULL,
      CONSTRAINT erasure_key_single CHECK (single)
    )`);
  const key = Buffer.alloc(BLOCK_BYTES);
  createHash('sha256').update(randomBytes(BLOCK_BYTES)).digest().copy(key);
  await runner.query('INSERT INTO erasure_key (inner_block, outer_block) VALUES ($1, $2)', [
    key.map((byte) => byte ^ 0x36),
    key.map((byte) => byte ^ 0x5c),
  ]);
}

async function createTables(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE TABLE tombstones (
      hash bytea NOT NULL CONSTRAINT tombstones_pkey PRIMARY KEY,
      erased_at timestamptz NOT NULL,
      erased_before timestamptz NOT NULL,
      expires_at timestamptz NOT NULL
    )`);
  await runner.query('CREATE INDEX tombstones_erased_at_idx ON tombstones (erased_at)');
  // Numbers are never given again: a process that remembers one for years must not store under it.
  await runner.query(`
    CREATE TABLE erased_numbers (
      user_seq integer NOT NULL CONSTRAINT erased_numbers_pkey PRIMARY KEY
    )`);
  await runner.query(`
    CREATE TABLE erasures (
      id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT erasures_pkey PRIMARY KEY,
      asked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      asked_by text NOT NULL,
      finished_at timestamptz,
      user_seqs integer[] NOT NULL DEFAULT '{}',
      analyze_tables text[] NOT NULL DEFAULT '{}',
      removed jsonb NOT NULL DEFAULT '{}'
    )`);
  await runner.query('CREATE INDEX erasures_open_idx ON erasures (id) WHERE finished_at IS NULL');
}
