import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findInstallations } from '../../src/database/embedded/installation.js';
import { findProjectRoot } from '../../src/project-root.js';
import { halt } from '../support/processes.js';
import { postmasterPid, query, Workplace, type Program } from '../support/program.js';
import { until } from '../support/poll.js';
import { Traffic } from '../support/traffic.js';

const HOUR = '/analytics?timestamp=1224567999';

describe('the server', () => {
  let place: Workplace;
  let dataDir: string;

  beforeEach(() => {
    place = new Workplace();
    dataDir = place.dataDir();
  });
  afterEach(() => place.clear());

  it('starts on nothing, says where things are, ends, and starts again on its data', async () => {
    const first = await place.startReady();
    expect(first.output).toContain(`${first.url}/docs`);
    expect(first.output).toContain(dataDir);
    const timescaledb = findInstallations(findProjectRoot()).some((found) => found.timescaledb);
    const storage = timescaledb ? 'timescaledb' : 'postgresql';
    const ready = JSON.parse(await get(first, '/health/ready')) as object;
    expect(ready).toMatchObject({ status: 'ok', storage });
    expect(first.output).toContain(timescaledb ? 'hypertable' : 'npm run timescaledb');
    await fetch(`${first.url}/analytics?timestamp=1224567997&user=3&event=click`, {
      method: 'POST',
    });
    expect(await first.stop('SIGTERM')).toBe(0);
    expect(first.output).toContain('Stopped.');
    expect(postmasterPid(dataDir)).toBeUndefined();

    const second = await place.startReady();
    expect(second.output).not.toContain('Creating');
    expect(await get(second, HOUR)).toBe('unique_users,1\nclicks,1\nimpressions,0\n');
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'ends on %s under load without losing what was acknowledged',
    async (signal) => {
      const server = await place.startReady();
      const traffic = new Traffic(server.url);
      await traffic.more(200);
      expect(await server.stop(signal)).toBe(0);
      await traffic.stop();
      await place.startReady();
      expect(await traffic.lost(dataDir)).toEqual([]);
    },
  );

  it('killed under load: the next start takes over its database, and all is there', async () => {
    const server = await place.startReady();
    const traffic = new Traffic(server.url);
    await traffic.more(200);
    await server.stop('SIGKILL');
    await traffic.stop();
    const postmaster = postmasterPid(dataDir)!;

    const next = await place.startReady();
    expect(next.output).toContain('Took over the database server that was still running.');
    expect(postmasterPid(dataDir)).toBe(postmaster);
    expect(await traffic.lost(dataDir)).toEqual([]);
    expect(await next.stop()).toBe(0);
    expect(postmasterPid(dataDir)).toBeUndefined();
  });

  it('goes on when its database is killed under load, and all is there', async () => {
    const server = await place.startReady();
    const traffic = new Traffic(server.url);
    await traffic.more(200);
    const killed = postmasterPid(dataDir)!;
    process.kill(killed, 'SIGKILL');
    await server.says('The database server is back.');
    await traffic.more(200);
    await traffic.stop();
    expect(postmasterPid(dataDir)).not.toBe(killed);
    expect(await traffic.lost(dataDir)).toEqual([]);
    expect(await server.stop()).toBe(0);
  });

  it('waits for what its killed database left running', async () => {
    const server = await place.startReady();
    const [orphan] = await query<{ pid: number }>(
      dataDir,
      `SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'`,
    );
    process.kill(orphan!.pid, 'SIGSTOP');
    process.kill(postmasterPid(dataDir)!, 'SIGKILL');
    await server.says('Waiting for what the killed server left running');
    process.kill(orphan!.pid, 'SIGCONT');
    await server.says('The database server is back.');
    expect(await get(server, HOUR)).toContain('unique_users,0');
  });

  it('comes back when it is killed together with its database', async () => {
    const server = await place.startReady();
    const traffic = new Traffic(server.url);
    await traffic.more(200);
    process.kill(postmasterPid(dataDir)!, 'SIGKILL');
    await server.stop('SIGKILL');
    await traffic.stop();
    await place.startReady();
    expect(await traffic.lost(dataDir)).toEqual([]);
  });

  it('brings a database back that ends again and again, after pauses', async () => {
    const server = await place.startReady();
    const traffic = new Traffic(server.url);
    for (let round = 1; round <= 5; round += 1) {
      process.kill(postmasterPid(dataDir)!, 'SIGKILL');
      await server.says(new RegExp(`(The database server is back\\.[^]*){${round}}`));
    }
    expect(server.output).toContain('It ended 5 times within a minute');
    await traffic.stop();
    await until(async () => {
      const ready = (await (await fetch(`${server.url}/health/ready`)).json()) as object;
      return 'status' in ready && ready.status === 'ok';
    });
    expect(await traffic.lost(dataDir)).toEqual([]);
  });

  it('ends in bounded time while its database hangs', async () => {
    const server = await place.startReady();
    const goOn = halt(postmasterPid(dataDir)!);
    const begun = performance.now();
    try {
      // The drain, the connections, and PostgreSQL's two ways to shut down have each their time.
      expect(await server.stop()).toBe(0);
      expect(performance.now() - begun).toBeLessThan(60_000);
    } finally {
      goOn();
    }
    // What it was told while it hung it does now.
    await until(() => postmasterPid(dataDir) === undefined);
  });

  it('names PORT when the port is in use, and leaves nothing running', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve);
    });
    const port = String((other.address() as AddressInfo).port);
    const server = place.start({ env: { PORT: port } });
    expect(await server.exited).toBe(1);
    expect(server.output).toContain(`Port ${port} of 127.0.0.1 is in use`);
    expect(server.output).toContain('Set PORT to a free one');
    expect(server.output).not.toContain('    at ');
    expect(postmasterPid(dataDir)).toBeUndefined();
    await new Promise((resolve) => other.close(resolve));
  });

  it('refuses a second copy on the same data directory, and the first goes on', async () => {
    const first = await place.startReady();
    const second = place.start();
    expect(await second.exited).toBe(1);
    expect(second.output).toContain(
      `is in use by another copy of this server (process ${first.pid})`,
    );
    expect(second.output).toContain('DATA_DIR');
    expect(await get(first, HOUR)).toContain('unique_users,0');
  });

  it('has one winner when two copies start at once on nothing', async () => {
    const copies = [place.start(), place.start()];
    const ends = await Promise.all(
      copies
        .map((copy) => Promise.race([copy.ready().then(() => 'ready'), copy.exited]))
        .map((end) => end.catch(() => 1)),
    );
    expect(new Set(ends)).toEqual(new Set([1, 'ready']));
    const winner = copies[ends.indexOf('ready')]!;
    expect(await get(winner, HOUR)).toContain('unique_users,0');
    expect(await winner.stop()).toBe(0);
  });

  it.each([
    ['PORT', 'eighty', 'PORT must be a number from 0 (any free port) to 65535'],
    ['HOST', '203.0.113.7', 'Set HOST to one that is'],
    ['DATABASE_URL', 'mysql://me:hunter2@db/x', 'DATABASE_URL must be a URL that begins with'],
    ['DATABASE_URL', 'postgres://me:hunter2@127.0.0.1:1/x', 'Waiting for the database'],
  ])('names %s when that is wrong, and never shows its value', async (variable, value, message) => {
    const server = place.start({ env: { [variable]: value } });
    await server.says(message);
    server.kill('SIGINT');
    await server.exited;
    expect(server.output).not.toContain(value);
    expect(server.output).not.toContain('hunter2');
    expect(server.output).not.toContain('    at ');
  });

  it('uses the database of DATABASE_URL', async () => {
    const [host] = [await place.startReady()];
    const url = await query<{ url: string }>(
      dataDir,
      `SELECT format('postgres://guest:guest@127.0.0.1:%s/guest', current_setting('port')) AS url`,
    );
    await query(dataDir, `CREATE ROLE guest LOGIN PASSWORD 'guest'`);
    await query(dataDir, 'CREATE DATABASE guest OWNER guest');
    const server = await place.startReady(
      { env: { DATABASE_URL: url[0]!.url } },
      place.dataDir('none'),
    );
    expect(server.output).toContain('at DATABASE_URL');
    expect(await get(server, HOUR)).toContain('unique_users,0');
    expect(await server.stop()).toBe(0);
    expect(await host.stop()).toBe(0);
  });

  it('runs by npm, and ends on Ctrl-C and on SIGTERM to npm', async () => {
    const command = ['npm', 'start'];
    const first = await place.startReady({ command });
    first.interrupt();
    await first.exited;
    expect(first.output).toContain('Stopped.');
    expect(postmasterPid(dataDir)).toBeUndefined();
    const second = await place.startReady({ command });
    expect(postmasterPid(dataDir)).toBeDefined();
    second.kill('SIGTERM');
    await second.exited;
    expect(second.output).toContain('Stopped.');
    expect(postmasterPid(dataDir)).toBeUndefined();
  });
});

async function get(server: Program, path: string): Promise<string> {
  const response = await fetch(`${server.url}${path}`);
  expect(response.status).toBe(200);
  return response.text();
}
