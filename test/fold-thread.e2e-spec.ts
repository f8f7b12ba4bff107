import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { builtFile } from '../src/common/built-file.js';
import { connectionSettings } from '../src/database/connection-settings.js';
import { findProjectRoot } from '../src/project-root.js';
import { createDatabase, type TestDatabase } from './support/database.js';
import { until } from './support/poll.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** More than Node takes for ordinary of listeners on one signal. */
const PASSES = 20;

it('folds again and again, and leaves nothing behind by it', async () => {
  const { dataSource } = database;
  const folder = join(findProjectRoot(), 'src', 'rollup');
  const worker = new Worker(builtFile(folder, 'fold.thread.js'), {
    workerData: { connection: connectionSettings(dataSource), intervalMs: 1 },
    stderr: true,
    // Jest runs without warnings; here they are looked for.
    execArgv: ['--trace-warnings'],
    env: {},
  });
  const warnings = text(worker.stderr);
  for (let pass = 0; pass < PASSES; pass += 1) {
    await dataSource.query(
      `INSERT INTO rollup_deltas (minute, source_id, bot, name_id, events) VALUES ($1, 1, false, 1, 1)`,
      [new Date(60_000 * pass)],
    );
    await until(async () => {
      const [row] = await dataSource.query('SELECT count(*)::int AS waiting FROM rollup_deltas');
      return row.waiting === 0;
    });
  }
  worker.postMessage('stop');
  await once(worker, 'exit');
  expect(await warnings).toBe('');
  const [rollups] = await dataSource.query(
    'SELECT sum(events)::int AS events FROM rollups WHERE grain = 1440 AND name_id = 0',
  );
  expect(rollups).toEqual({ events: PASSES });
});
