import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ALL_STORED_ONCE, Load } from '../support/load.js';
import { OwnDatabase } from '../support/own-database.js';
import { until } from '../support/poll.js';
import { workersOf } from '../support/processes.js';
import { Workplace } from '../support/program.js';
import { inSoak } from '../support/soak.js';

const ROUNDS = inSoak(10, 1);

describe('several processes', () => {
  const place = new Workplace();
  let database: OwnDatabase;
  let load: Load;

  beforeAll(async () => {
    database = await OwnDatabase.create(place.dataDir('database'));
  });
  afterEach(() => load.stop());
  afterAll(async () => {
    await place.end();
    await database.stop();
    await place.clear();
  });

  it('store what one of them, killed while the database was away, had in its spool', async () => {
    const env = { DATABASE_URL: database.url, WEB_CONCURRENCY: '2' };
    const server = await place.startReady({ env });
    load = new Load(server.url);
    for (let round = 0; round < ROUNDS; round += 1) {
      await load.more(200);
      await database.stop();
      const [killed] = workersOf(server.pid);
      await until(() => spooledBy(killed!).length > 0);
      await load.more(200);
      process.kill(killed!, 'SIGKILL');
      await server.says(`(process ${killed}) was ended by SIGKILL`);
      expect(spooledBy(killed!).length).toBeGreaterThan(0);
      // By the other one alone: who starts anew waits for the database.
      await load.more(200);
      await database.bringBack();
      await until(() => spooledBy(killed!).length === 0);
      await until(() => server.output.split('is back, as process').length > round + 1);
    }
    expect(await load.audit(() => database.url)).toEqual(ALL_STORED_ONCE);
    expect(await server.stop()).toBe(0);
  });

  /** Files that wait in the folder of a process. */
  function spooledBy(pid: number): string[] {
    const spool = place.dataDir('data/spool');
    const names = existsSync(spool)
      ? readdirSync(spool, { recursive: true, encoding: 'utf8' })
      : [];
    return names.filter(
      (name) => basename(join(name, '..')).startsWith(`${pid}-`) && name.endsWith('.log'),
    );
  }
});
