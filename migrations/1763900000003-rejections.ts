import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The log of rejections: a bounded sample of what was refused and why, and exact counts. */
export class Rejections1763900000003 implements MigrationInterface {
  name = 'Rejections1763900000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE rejections (
        id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT rejections_pkey PRIMARY KEY,
        time timestamptz NOT NULL,
        code text NOT NULL,
        message text NOT NULL,
        route text NOT NULL,
        input text NOT NULL
      )`);
    await runner.query('CREATE INDEX rejections_time_idx ON rejections (time)');
    await runner.query(`
      CREATE TABLE rejection_counts (
        minute timestamptz NOT NULL,
        code text NOT NULL,
        count bigint NOT NULL,
        CONSTRAINT rejection_counts_pkey PRIMARY KEY (minute, code)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE rejection_counts');
    await runner.query('DROP TABLE rejections');
  }
}
