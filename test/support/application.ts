import type { NestExpressApplication } from '@nestjs/platform-express';
import type { DataSource } from 'typeorm';
import { createApp } from '../../src/create-app.js';
import { createDatabase } from './database.js';

/** The whole server on a database of its own, listening on a free port. */
export interface TestApplication {
  app: NestExpressApplication;
  dataSource: DataSource;
  databaseUrl: string;
  /** @param path with its query string, encoded */
  get(path: string, init?: RequestInit): Promise<Response>;
  post(path: string, init?: RequestInit): Promise<Response>;
  /** How many events are stored. */
  countEvents(): Promise<number>;
  stop(): Promise<void>;
}

export async function startApplication(): Promise<TestApplication> {
  const database = await createDatabase();
  const { dataSource } = database;
  const app = await createApp(dataSource);
  await app.listen(0, '127.0.0.1');
  const base = await app.getUrl();
  return {
    app,
    dataSource,
    databaseUrl: database.url,
    get: (path, init) => fetch(base + path, init),
    post: (path, init) => fetch(base + path, { method: 'POST', ...init }),
    countEvents: async () => {
      const [row] = await dataSource.query<{ count: number }[]>(
        'SELECT count(*)::int AS count FROM events',
      );
      return row!.count;
    },
    stop: async () => {
      await app.close();
      await database.drop();
    },
  };
}
