import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { LiveClient, type LiveMessage } from '../support/live-client.js';
import { OwnDatabase } from '../support/own-database.js';
import { until } from '../support/poll.js';
import { workersOf } from '../support/processes.js';
import { Workplace } from '../support/program.js';

const TWO = { WEB_CONCURRENCY: '2' };
const SENDERS = 4;
const CLICKS = 30;
/** The drain waits for requests that are under way for 10 s. */
const SOON_MS = 8_000;

describe('the live feed of the built program', () => {
  const place = new Workplace();
  const clients: LiveClient[] = [];

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await place.end();
  });
  afterAll(() => place.clear());

  async function open(url: string, lastId?: string): Promise<LiveClient> {
    const client = await LiveClient.open(url, '', lastId);
    clients.push(client);
    return client;
  }

  async function ready(url: string): Promise<LiveClient> {
    const client = await LiveClient.ready(url);
    clients.push(client);
    return client;
  }

  it('is the same at both workers, and goes on at either', async () => {
    const server = await place.startReady({ env: TWO });
    // Connections are dealt out in turn.
    const readers = [await ready(server.url), await ready(server.url)];
    const sending = clicks(server.url);
    const seen: LiveMessage[] = [];
    let lastId = readers[0]!.lastId;
    for (let hops = 0; seen.length < SENDERS * CLICKS; hops += 1) {
      const client = await open(server.url, lastId);
      await client.has(Math.min(9, SENDERS * CLICKS - seen.length));
      client.close();
      seen.push(...client.messages);
      lastId = client.lastId;
    }
    await sending;
    for (const reader of readers) {
      await reader.has(SENDERS * CLICKS);
      expect(reader.messages).toEqual(seen);
    }
    expect(new Set(seen.map(({ data }) => data['user'])).size).toBe(SENDERS * CLICKS);
  });

  it('goes on when a worker is killed, and tells of a gap after a restart', async () => {
    const server = await place.startReady({ env: TWO });
    const first = await ready(server.url);
    const second = await ready(server.url);
    await click(server.url, 'one');
    await first.has(1);
    const [killed] = workersOf(server.pid);
    process.kill(killed!, 'SIGKILL');
    await until(() => first.isEnded !== second.isEnded);
    await click(server.url, 'two');
    const back = await open(server.url, first.messages[0]!.id);
    await back.has(1);
    expect(back.seen()).toEqual(['two']);
    expect(await server.stop()).toBe(0);

    const next = await place.startReady();
    const late = await open(next.url, back.lastId);
    await late.has(1);
    await click(next.url, 'three');
    await until(() => late.seen().includes('three'));
    expect(new Set(late.seen())).toEqual(new Set(['gap', 'three']));
  });

  it.each([{}, TWO])('a stop ends the streams at once: %j', async (env) => {
    const server = await place.startReady({ env });
    const readers = await Promise.all(Array.from({ length: 4 }, () => ready(server.url)));
    const begun = performance.now();
    server.kill('SIGTERM');
    await until(() => readers.every(({ isEnded }) => isEnded));
    expect(performance.now() - begun).toBeLessThan(SOON_MS);
    expect(await server.exited).toBe(0);
    expect(server.output).toMatch(/Stopped\.\n$/);
  });

  it('comes back with the database, and logs its absence once', async () => {
    const database = await OwnDatabase.create(place.dataDir('database'));
    const server = await place.startReady({ env: { DATABASE_URL: database.url } });
    const reader = await ready(server.url);
    await database.stop();
    for (const user of ['away-1', 'away-2']) await click(server.url, user);
    await database.bringBack();
    await until(() => reader.seen().includes('away-2'));
    await click(server.url, 'back');
    await until(() => reader.seen().includes('back'));
    expect(reader.seen()).toEqual(['gap', 'away-1', 'away-2', 'back']);
    expect(server.output.match(/The live feed hears nothing/g)).toHaveLength(1);
    expect(await server.stop()).toBe(0);
    await database.stop();
  });
});

async function clicks(url: string): Promise<void> {
  const senders = Array.from({ length: SENDERS }, async (_, sender) => {
    for (let index = 0; index < CLICKS; index += 1) await click(url, `${sender}-${index}`);
  });
  await Promise.all(senders);
}

async function click(url: string, user: string): Promise<void> {
  const parameters = `timestamp=1224567997&event=click&user=${user}`;
  const response = await fetch(`${url}/analytics?${parameters}`, { method: 'POST' });
  if (response.headers.has('X-Analytics-Rejected')) throw new Error('rejected');
}
