import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { DataSource } from 'typeorm';
import type { AnalyticsOptions } from '../../src/analytics/analytics.module.js';
import { createApp, type ServerSettings } from '../../src/create-app.js';
import { createDatabase, type TestDatabase } from './database.js';

/** The whole server on a database of its own, listening on a free port. */
export interface TestApplication {
  app: NestExpressApplication;
  dataSource: DataSource;
  databaseUrl: string;
  /** The address that it listens on. */
  base: string;
  /** The spool's folder. */
  spool: string;
  /** @param path with its query string, encoded */
  get(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, init?: RequestInit): Promise<Response>;
  /** How many events are stored. */
  countEvents(): Promise<number>;
  stop(): Promise<void>;
}

const END_MS = 200;
const SPOOL_BYTES = 64 * 1024 * 1024;

/** Events may be of any time to come. */
export const ANY_TIME: AnalyticsOptions = { timestamps: { maxFutureMs: Number.POSITIVE_INFINITY } };

/**
 * @param options instead of a spool of 64 MB and streams of any length
 * @param given settings of the server around it; a database instead of a new one, dropped at the end
 *   all the same
 */
export async function startApplication(
  options?: AnalyticsOptions,
  { database: given, ...settings }: ServerSettings & { database?: TestDatabase } = {},
): Promise<TestApplication> {
  const database = given ?? (await createDatabase());
  const { dataSource } = database;
  const spool = mkdtempSync(join(tmpdir(), 'user-analytics-spool-'));
  const app = await createApp(
    dataSource,
    options ?? { spool: { directory: spool, maxBytes: SPOOL_BYTES } },
    settings,
  );
  await app.listen(0, '127.0.0.1');
  const base = await app.getUrl();
  return {
    app,
    dataSource,
    databaseUrl: database.url,
    base,
    spool,
    get: (path, init) => fetch(base + path, init),
    post: (path, init) => fetch(base + path, { method: 'POST', ...init }),
    countEvents: async () => {
      const [row] = await dataSource.query<{ count: number }[]>(
        'SELECT count(*)::int AS count FROM events',
      );
      return row!.count;
    },
    stop: async () => {
      // A connection that a client keeps, or opens now, would keep the server for more than a minute.
      const http: Server = app.getHttpServer();
      const ending = setInterval(() => http.closeAllConnections(), END_MS);
      http.closeAllConnections();
      await app.close().finally(() => clearInterval(ending));
      await database.drop();
      rmSync(spool, { recursive: true, force: true });
    },
  };
}
