import type { DataSource } from 'typeorm';
import { DatabaseError } from './database-error.js';

/**
 * While TimescaleDB is told that a restore is under way, a hypertable looks empty and takes nothing:
 * figures would be computed anew from no events.
 *
 * @throws DatabaseError where it's still told so
 */
export async function refuseUnfinishedRestore(dataSource: DataSource): Promise<void> {
  const [row] = await dataSource.query<{ restoring: string | null }[]>(
    `SELECT current_setting('timescaledb.restoring', true) AS restoring`,
  );
  if (row!.restoring !== 'on') return;
  throw new DatabaseError(
    'A restore of this database was begun and not finished: run SELECT timescaledb_post_restore() in ' +
      'it once pg_restore has ended without an error, then start again. See docs/backup.md.',
  );
}
