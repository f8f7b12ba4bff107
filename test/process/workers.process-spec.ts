import { connect, createServer, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { createEmptyDatabase } from '../support/database.js';
import { stillRunning, workersOf } from '../support/processes.js';
import { postmasterPid, Workplace, type Program } from '../support/program.js';
import { Traffic } from '../support/traffic.js';

const TWO = { WEB_CONCURRENCY: '2' };
const POLL_MS = 20;

describe('the server of several processes', () => {
  // One for all tests: what a start does on nothing isn't at stake here, and takes its time.
  const place = new Workplace();
  const dataDir = place.dataDir();

  afterEach(() => place.end());
  afterAll(() => place.clear());

  it('goes on when one worker after the other is killed, and all is there', async () => {
    const server = await place.startReady({ env: TWO });
    expect(server.output).toContain('2 processes, on one port');
    const first = workersOf(server.pid);
    expect(first).toHaveLength(2);
    const traffic = new Traffic(server.url);
    for (const pid of first) {
      await traffic.more(100);
      process.kill(pid, 'SIGKILL');
      await server.says(new RegExp(`Worker \\d \\(process ${pid}\\) was ended by SIGKILL`));
      // By the other one alone.
      await traffic.more(100);
      await server.says(new RegExp(`(is back, as process[^]*){${first.indexOf(pid) + 1}}`));
    }
    await traffic.more(100);
    await traffic.stop();
    expect(workersOf(server.pid)).toHaveLength(2);
    expect(stillRunning(first)).toEqual([]);
    expect(await traffic.lost(dataDir)).toEqual([]);
    expect(server.output).not.toContain('    at ');
  });

  it('ends the connection that a killed worker has not taken yet', async () => {
    const server = await place.startReady({ env: TWO });
    const [halted] = workersOf(server.pid);
    process.kill(halted!, 'SIGSTOP');
    const answers = Array.from({ length: 4 }, () => ask(server));
    const waiting = answers.map((answer) => answer.then(() => false));
    while ((await undecided(waiting)) > 1) await sleep(POLL_MS);
    process.kill(halted!, 'SIGKILL');
    const statuses = (await Promise.all(answers)).toSorted();
    expect(statuses).toEqual(['200', '200', '200', 'ended']);
  });

  it.each(['SIGTERM', 'Ctrl-C'])('ends on %s under load, with all that it started', async (how) => {
    const server = await place.startReady({ env: TWO });
    const workers = workersOf(server.pid);
    const traffic = new Traffic(server.url);
    await traffic.more(200);
    if (how === 'Ctrl-C') server.interrupt();
    else server.kill('SIGTERM');
    expect(await server.exited).toBe(0);
    await traffic.stop();
    expect(server.output).toMatch(/Stopped\.\n$/);
    expect(server.output).not.toContain('Another one starts');
    expect(stillRunning(workers)).toEqual([]);
    expect(postmasterPid(dataDir)).toBeUndefined();
    await place.startReady();
    expect(await traffic.lost(dataDir)).toEqual([]);
  });

  it('killed under load: workers end, and the next start has the port and all events', async () => {
    const server = await place.startReady({ env: TWO });
    const workers = workersOf(server.pid);
    const traffic = new Traffic(server.url);
    await traffic.more(200);
    const url = new URL(server.url);
    await server.stop('SIGKILL');
    while (stillRunning(workers).length > 0) await sleep(POLL_MS);
    const next = await place.startReady({ env: { ...TWO, PORT: url.port } });
    await traffic.more(200);
    await traffic.stop();
    expect(next.url).toBe(server.url);
    expect(await traffic.lost(dataDir)).toEqual([]);
    expect(await next.stop()).toBe(0);
  });

  it('keeps the URL of the database out of arguments and environments', async () => {
    const database = await createEmptyDatabase();
    const name = new URL(database.url).pathname.slice(1);
    const env = { ...TWO, DATABASE_URL: database.url };
    const server = await place.startReady({ env }, place.dataDir('none'));
    expect(await ask(server)).toBe('200');
    expect(openly(server.pid).includes(name)).toBe(process.platform === 'linux');
    expect(workersOf(server.pid).filter((pid) => openly(pid).includes(name))).toEqual([]);
    expect(server.output).not.toContain(name);
    expect(await server.stop()).toBe(0);
    await database.drop();
  });

  it('names the port when that is in use, and leaves nothing running', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const PORT = String((other.address() as AddressInfo).port);
    const server = place.start({ env: { ...TWO, PORT } });
    expect(await server.exited).toBe(1);
    expect(server.output).toContain(`Port ${PORT} of 127.0.0.1 is in use`);
    expect(server.output).toContain('Set PORT to a free one');
    expect(server.output).not.toContain('    at ');
    expect(postmasterPid(dataDir)).toBeUndefined();
    await new Promise((resolve) => other.close(resolve));
  });

  it('names WEB_CONCURRENCY when that is wrong', async () => {
    const server = place.start({ env: { WEB_CONCURRENCY: 'many' } });
    expect(await server.exited).toBe(1);
    expect(server.output).toContain('WEB_CONCURRENCY must be a number of processes from 1 to 64');
  });
});

/** @returns the status of an answer on a connection of its own; `ended` where none came */
async function ask({ url }: Program): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const answer = await text(socket).catch(() => '');
  return /^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 'ended';
}

/** How many of these haven't resolved. */
async function undecided(promises: Promise<boolean>[]): Promise<number> {
  const states = await Promise.all(promises.map((each) => Promise.race([each, sleep(0, true)])));
  return states.filter(Boolean).length;
}

/** What others can see of a process, where the system shows it. */
function openly(pid: number): string {
  if (process.platform !== 'linux') return '';
  return ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'utf8')).join();
}
