import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Deltas tell when they were written: their minute is that of the events, which may be years old. How
 * far the folders are behind is seen by it. Those that wait now are as old as this.
 */
export class DeltaTimes1764700000001 implements MigrationInterface {
  name = 'DeltaTimes1764700000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE rollup_deltas ADD COLUMN written_at timestamptz NOT NULL DEFAULT now()',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE rollup_deltas DROP COLUMN written_at');
  }
}
