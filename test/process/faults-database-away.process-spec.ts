import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ALL_STORED_ONCE, Load, readiness } from '../support/load.js';
import { OwnDatabase } from '../support/own-database.js';
import { until } from '../support/poll.js';
import { queryAt, Workplace, type Program } from '../support/program.js';
import { inSoak } from '../support/soak.js';

const AWAY_MS = inSoak(30_000, 6_000);
/** A stop finishes what is under way for 10 s, and gives what still writes a few more. */
const STOP_MS = 25_000;

describe('while the database is away', () => {
  const place = new Workplace();
  let database: OwnDatabase;
  let load: Load;

  beforeAll(async () => {
    database = await OwnDatabase.create(place.dataDir('database'));
  });
  afterEach(async () => {
    await load.stop();
    await place.end();
    await database.bringBack();
    await queryAt(database.url, 'TRUNCATE events');
  });
  afterAll(async () => {
    await database.stop();
    await place.clear();
  });

  const ways = [
    ['refuses connections', () => database.stop()],
    ['hangs', async () => database.halt()],
  ] as const;

  it.each(ways)('and %s, every request is answered, and all is stored', async (_, takeAway) => {
    const server = await start();
    load = new Load(server.url);
    await load.more(500);
    await takeAway();
    const before = load.acknowledged.size;
    await sleep(AWAY_MS);
    const { status, waiting } = await readiness(server.url);
    await database.bringBack();
    expect(status).toBe('degraded');
    expect(waiting!.events).toBeGreaterThan(0);
    expect(load.acknowledged.size).toBeGreaterThan(before);
    await until(async () => (await readiness(server.url)).status === 'ok');
    await load.more(500);
    expect(await load.audit(() => database.url)).toEqual(ALL_STORED_ONCE);
    expect(load.failures).toEqual(new Set());
    expect(server.output).not.toContain('    at ');
  });

  it.each(ways)('and %s, the server ends in time, and the next stores it', async (_, takeAway) => {
    const server = await start();
    load = new Load(server.url);
    await load.more(500);
    await takeAway();
    await until(async () => ((await readiness(server.url)).waiting?.events ?? 0) > 0);
    await load.more(500);
    const begun = performance.now();
    const code = await server.stop('SIGTERM');
    const took = performance.now() - begun;
    await database.bringBack();
    expect(code).toBe(0);
    expect(took).toBeLessThan(STOP_MS);
    const next = await start();
    load.url = next.url;
    await load.more(100);
    expect(await load.audit(() => database.url)).toEqual(ALL_STORED_ONCE);
  });

  function start(): Promise<Program> {
    return place.startReady({ env: { DATABASE_URL: database.url } });
  }
});
