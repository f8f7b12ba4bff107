import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ALL_STORED_ONCE, Load, readiness } from '../support/load.js';
import { OwnDatabase } from '../support/own-database.js';
import { until } from '../support/poll.js';
import { queryAt, Workplace, type ProgramOptions } from '../support/program.js';
import { inSoak } from '../support/soak.js';

const ROUNDS = inSoak(5, 1);
/** A name space of its own, in which any user may mount: it's gone with the program. */
const UNSHARE = ['unshare', '--map-root-user', '--mount', 'sh', '-c'];
const MOUNT = 'mount -t tmpfs -o size=512k tmpfs "$DATA_DIR/spool"';
const ON_SMALL_DISK = [...UNSHARE, `${MOUNT} && exec "$0" dist/src/main.js`, process.execPath];

describe('while the database is away and the spool is full', () => {
  const place = new Workplace();
  let database: OwnDatabase;
  let load: Load;

  beforeAll(async () => {
    mkdirSync(place.dataDir('data/spool'), { recursive: true });
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

  it('up to its limit: 503 with Retry-After, and recovery', async () => {
    const server = await expectRefusalsAndRecovery({ env: { SPOOL_MAX_MB: '1' } });
    expect(server.output).toContain('the spool holds 1048576 bytes, its limit');
  });

  if (canMount()) {
    it('up to the end of the disk: 503 with Retry-After, and recovery', async () => {
      const server = await expectRefusalsAndRecovery({ command: ON_SMALL_DISK });
      expect(server.output).toContain('ENOSPC');
    });
  } else {
    process.stderr.write('NOT TESTED: a full disk, since nothing can be mounted here.\n');
  }

  async function expectRefusalsAndRecovery({ env, ...options }: ProgramOptions) {
    const server = await place.startReady({
      env: { ...env, DATABASE_URL: database.url },
      ...options,
    });
    load = new Load(server.url);
    for (let round = 0; round < ROUNDS; round += 1) {
      await load.more(100);
      await database.stop();
      load.failures.clear();
      await until(() => load.failures.size > 0);
      expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
      await until(async () => (await fetch(`${server.url}/health/ready`)).status === 503);
      await database.bringBack();
      await until(async () => (await readiness(server.url)).status === 'ok');
      await load.more(100);
    }
    expect(load.failures).toEqual(new Set(['503 spool_unavailable, Retry-After 2']));
    load.failures.clear();
    await load.more(500);
    expect(load.failures).toEqual(new Set());
    expect(await load.audit(() => database.url)).toEqual(ALL_STORED_ONCE);
    return server;
  }
});

function canMount(): boolean {
  const mount = 'mount -t tmpfs -o size=512k tmpfs "$0"';
  return spawnSync(UNSHARE[0]!, [...UNSHARE.slice(1), mount, tmpdir()]).status === 0;
}
