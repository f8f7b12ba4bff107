import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ALL_STORED_ONCE, Load } from '../support/load.js';
import { databaseUrl, postmasterPid, Workplace, type Program } from '../support/program.js';
import { inSoak } from '../support/soak.js';

const ROUNDS = inSoak(50, 3);
/** A kill comes at any moment up to this after everything is back. */
const LONGEST_ROUND_MS = inSoak(2_000, 700);
/** What a killed database left running may hold up the next for as long as it takes to notice. */
const BACK_MS = 130_000;

describe('killed at random moments under load, all that was acknowledged is stored once', () => {
  let place: Workplace;
  let dataDir: string;
  let load: Load;

  beforeEach(() => {
    place = new Workplace();
    dataDir = place.dataDir();
  });
  afterEach(async () => {
    await load.stop();
    await place.clear();
  });

  it(`the server, ${ROUNDS} times`, async () => {
    let server = await place.startReady();
    load = new Load(server.url);
    for (let round = 0; round < ROUNDS; round += 1) {
      await load.more(100);
      await anyMoment();
      await server.stop('SIGKILL');
      server = await place.startReady();
      load.url = server.url;
    }
    await load.more(100);
    expect(await load.audit(() => databaseUrl(dataDir))).toEqual(ALL_STORED_ONCE);
    expect(server.output).not.toContain('    at ');
    expect(await server.stop()).toBe(0);
  });

  it(`the database, ${ROUNDS} times`, async () => {
    const server = await place.startReady();
    load = new Load(server.url);
    for (let round = 0; round < ROUNDS; round += 1) {
      await load.more(100);
      await anyMoment();
      await killDatabase(server);
    }
    await load.more(100);
    expect(await load.audit(() => databaseUrl(dataDir))).toEqual(ALL_STORED_ONCE);
    // The server itself was there all the time.
    expect(load.failures).toEqual(new Set());
    expect(server.output).not.toContain('    at ');
    expect(await server.stop()).toBe(0);
  });

  async function killDatabase(server: Program): Promise<void> {
    const said = server.output.length;
    process.kill(postmasterPid(dataDir)!, 'SIGKILL');
    await server.says('The database server is back.', said, BACK_MS);
  }
});

function anyMoment(): Promise<void> {
  return sleep(Math.random() * LONGEST_ROUND_MS);
}
