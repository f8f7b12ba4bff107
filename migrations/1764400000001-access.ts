import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keys, by which others than this machine get in, and the record of what was done with them. */
export class Access1764400000001 implements MigrationInterface {
  name = 'Access1764400000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE TYPE access_kind AS ENUM ('write', 'read', 'admin')`);
    // Of a key itself only its digest is kept. A key is random, so that nobody finds it by trying.
    await runner.query(`
      CREATE TABLE access_keys (
        id integer GENERATED ALWAYS AS IDENTITY CONSTRAINT access_keys_pkey PRIMARY KEY,
        kind access_kind NOT NULL,
        name text NOT NULL,
        digest bytea NOT NULL,
        hint text NOT NULL,
        source text,
        origins text[],
        events text[],
        max_age_s bigint,
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by text NOT NULL,
        revoked_at timestamptz,
        rotated_from integer,
        last_used_at timestamptz,
        CONSTRAINT access_keys_digest_key UNIQUE (digest),
        CONSTRAINT access_keys_digest_length CHECK (octet_length(digest) = 32),
        CONSTRAINT access_keys_rotated_from_fkey
          FOREIGN KEY (rotated_from) REFERENCES access_keys (id),
        CONSTRAINT access_keys_write_only CHECK (
          kind = 'write' OR (source IS NULL AND events IS NULL AND max_age_s IS NULL)),
        CONSTRAINT access_keys_max_age CHECK (max_age_s > 0)
      )`);
    await runner.query(`
      CREATE TABLE audit_log (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_log_pkey PRIMARY KEY,
        time timestamptz NOT NULL DEFAULT now(),
        actor text NOT NULL,
        action text NOT NULL,
        details jsonb NOT NULL DEFAULT '{}'
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_log');
    await runner.query('DROP TABLE access_keys');
    await runner.query('DROP TYPE access_kind');
  }
}
