import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import type { Configuration } from './configuration.js';
import { EmbeddedPostgresError, InUseError } from './database/embedded/embedded-postgres.js';
import { openDatabase } from './database/open-database.js';
import { takeDatabase, type DatabaseOptions } from './database/serving-database.js';
import { BatchService } from './ingest/batch/batch.service.js';
import type { EventSink } from './ingest/import/event-sink.js';
import { createServerLog } from './operations/log/server-log.js';

const ROUTE = 'import';
const HINT =
  'If that is a server, say where it listens, and the import goes through it: set ANALYTICS_URL.';

/**
 * Stores an import's events without a server: right in the database, by the same steps.
 *
 * @throws EmbeddedPostgresError, DatabaseError with messages for people
 */
export async function openDirectSink(
  configuration: Configuration,
  options: DatabaseOptions & { signal: AbortSignal },
): Promise<EventSink> {
  const database = await takeDatabase(configuration, options).catch((error: unknown) => {
    throw error instanceof InUseError
      ? new EmbeddedPostgresError(`${error.message} ${HINT}`)
      : error;
  });
  try {
    const { timestamps, databaseSchema: schema } = configuration;
    const dataSource = await openDatabase(database.url, options.log, options.signal, { schema });
    const app = await NestFactory.createApplicationContext(
      AppModule.on(dataSource, { timestamps }),
      {
        logger: createServerLog({ format: 'text', level: 'warn' }).logger,
        abortOnError: false,
      },
    );
    const batches = app.get(BatchService);
    return {
      label: 'the database (no server runs)',
      batchesAtOnce: 2,
      send: async (events) => (await batches.store(events, ROUTE, 'all')).toResult().receipts,
      close: async () => {
        await app.close();
        await database.close();
      },
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}
