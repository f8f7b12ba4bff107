import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { Event } from '../analytics/event.entity.js';
import { DatabaseError } from './database-error.js';

/**
 * Whether a data source that somebody else has made can be worked on.
 *
 * @throws DatabaseError that says what to change
 */
export async function checkDatabase(dataSource: DataSource): Promise<void> {
  const { type, synchronize } = dataSource.options;
  if (type !== 'postgres') {
    throw new DatabaseError(`User Analytics needs PostgreSQL; the data source is of type ${type}`);
  }
  if (synchronize === true && dataSource.hasMetadata(Event)) {
    throw new DatabaseError(
      'The data source has synchronize, which would undo what the migrations of User Analytics do: ' +
        'turn it off, or leave its entities out',
    );
  }
  const [found] = await dataSource.query<{ isMigrated: boolean; path: string; commit: string }[]>(
    `SELECT to_regclass('installation') IS NOT NULL AS "isMigrated",
       current_setting('search_path') AS path, current_setting('synchronous_commit') AS commit`,
  );
  if (!found!.isMigrated) {
    throw new DatabaseError(
      'The tables of User Analytics are not in the schemas that connections of the data source look at ' +
        `(${found!.path}): run its migrations by this data source before the module starts`,
    );
  }
  if (found!.commit === 'off') {
    new Logger('Analytics').warn(
      'synchronous_commit is off: a crash of the database can lose events that were acknowledged.',
    );
  }
}
