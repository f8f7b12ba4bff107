import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createApp } from '../src/create-app.js';
import { LiveFeed } from '../src/live/live-feed.js';
import { openDatabase } from '../src/database/open-database.js';
import { CHANNEL } from '../src/live/notices.js';
import { startApplication, type TestApplication } from './support/application.js';
import { LiveClient } from './support/live-client.js';
import { until } from './support/poll.js';

const CLICK = '/analytics?timestamp=1224567997&event=click';

describe('the live feed', () => {
  let server: TestApplication;
  const clients: LiveClient[] = [];

  beforeAll(async () => {
    server = await startApplication();
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(() => server.stop());

  async function watch(query = ''): Promise<LiveClient> {
    const client = await LiveClient.ready(server.base, query);
    clients.push(client);
    return client;
  }

  async function resume(query: string, lastId?: string): Promise<LiveClient> {
    const client = await LiveClient.open(server.base, query, lastId);
    clients.push(client);
    return client;
  }

  /** One after the other, so that their order is known. */
  async function click(...users: string[]): Promise<void> {
    for (const user of users) await server.post(`${CLICK}&user=${user}`);
  }

  function send(events: object[], type = 'application/json'): Promise<Response> {
    const body =
      type === 'application/json'
        ? JSON.stringify(events)
        : events.map((event) => JSON.stringify(event)).join('\n');
    return server.post('/analytics/batch', { headers: { 'Content-Type': type }, body });
  }

  it('shows each event as GET /analytics/events does, from every way in', async () => {
    const client = await watch();
    await server.post(`${CLICK}&user=one&id=way-1`);
    await send([
      {
        timestamp: '2008-10-21T05:46:37.250Z',
        user: 'ä "1"',
        event: 'signup',
        id: 'way-2',
        source: 'shop',
        properties: { plan: 'pro', line: 'a\nb\u2028', deep: [1.5, { x: null }] },
      },
    ]);
    const lines = [{ timestamp: 1_224_567_999, user: 'b-1', anonymous: true, event: 'visit' }];
    await send(lines, 'application/x-ndjson');
    await server.post('/v1/track', {
      body: JSON.stringify({
        userId: 'u-4',
        event: 'Order Completed',
        timestamp: '2026-11-24T09:30:00Z',
      }),
    });
    await client.has(4);
    expect(client.seen()).toEqual(['one', 'ä "1"', 'b-1', 'u-4']);
    const listed = await server.get('/analytics/events?limit=4');
    const { results } = (await listed.json()) as { results: { id: string }[] };
    const byId = new Map(results.map((event) => [event.id, event]));
    expect(client.messages.map(({ data }) => data)).toEqual(
      client.messages.map(({ data }) => byId.get(String(data['id']))),
    );
    expect(client.messages[2]!.data).toMatchObject({ anonymous: true, bot: false });
  });

  it('is an answer that says how it is to be read', async () => {
    const { response, text } = await watch();
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    expect(response.headers).not.toHaveProperty('access-control-allow-origin');
    expect(text).toMatch(/^retry: 2000\n\n/);
    const head = await server.get('/analytics/live', { method: 'HEAD' });
    expect(head.headers.get('Content-Type')).toBe('text/event-stream');
    expect(await head.text()).toBe('');
  });

  it('leaves out duplicates and what is refused, and keeps the order', async () => {
    const client = await watch();
    const first = { timestamp: 1_224_567_997, user: 'd', event: 'click', id: 'dup-1' };
    await send([first, { ...first, id: 'dup-2' }, first]);
    await send([first, { ...first, event: '' }, { ...first, id: 'dup-3' }]);
    const users = Array.from({ length: 100 }, (_, index) => `order-${index}`);
    await send(users.map((user) => ({ user, event: 'click' })));
    await client.has(103);
    expect(client.seen()).toEqual(['d', 'd', 'd', ...users]);
  });

  it('leaves out large properties, and says so', async () => {
    const client = await watch();
    const large = { text: 'ä'.repeat(1_100) };
    await send([
      { user: 'l', event: 'e', properties: large },
      { user: 'm', event: 'e', properties: { text: 'ä'.repeat(800) } },
    ]);
    await client.has(2);
    expect(client.messages[0]!.data).toMatchObject({ user: 'l', properties_omitted: true });
    expect(client.messages[0]!.data).not.toHaveProperty('properties');
    expect(client.messages[1]!.data).toMatchObject({ properties: { text: 'ä'.repeat(800) } });
    expect(client.messages[1]!.data).not.toHaveProperty('properties_omitted');
  });

  it('shows events of bots to those who ask for them', async () => {
    const people = await watch();
    const all = await watch('?bots=include');
    await send([
      { user: 'bot-1', event: 'click', bot: true },
      { user: 'no-bot', event: 'click' },
    ]);
    await all.has(2);
    expect(all.messages.map(({ data }) => data['bot'])).toEqual([true, false]);
    await people.has(1);
    expect(people.seen()).toEqual(['no-bot']);
  });

  it('shows what was chosen', async () => {
    const chosen = await watch('?event=signup,login&event=["a,b"]');
    const shop = await watch('?source=shop&bots=exclude');
    const all = await watch('?bots=include');
    await send([
      { user: 'f-1', event: 'signup', source: 'shop' },
      { user: 'f-2', event: 'Signup' },
      { user: 'f-3', event: 'a,b' },
      { user: 'f-4', event: 'login' },
      { user: 'f-5', event: 'click', source: 'shop' },
    ]);
    await all.has(5);
    await notify('00', 1, [{ user: 'f-6', event: 'login', source: 'shop', bot: true }]);
    await click('f-7');
    await all.has(7);
    expect(all.seen()).toEqual(['f-1', 'f-2', 'f-3', 'f-4', 'f-5', 'f-6', 'f-7']);
    await until(() => chosen.messages.length === 3 && shop.messages.length === 2);
    expect(chosen.seen()).toEqual(['f-1', 'f-3', 'f-4']);
    expect(shop.seen()).toEqual(['f-1', 'f-5']);
  });

  it.each([
    ['users=3', 'users is no parameter; accepted are event, source, bots, last_event_id'],
    ['event=', 'event must be names of 1 to 100 characters'],
    ['source=[1]', 'source must be names of 1 to 100 characters'],
    ['bots=yes', 'bots must be exclude or include, given once'],
    ['last_event_id=1&last_event_id=2', 'last_event_id must be given once'],
  ])('refuses %s', async (query, message) => {
    const response = await server.get(`/analytics/live?${query}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'invalid_parameter',
      message: expect.stringContaining(message),
    });
  });

  it('goes on after a broken connection, without loss or repetition', async () => {
    const reader = await watch();
    const users = Array.from({ length: 150 }, (_, index) => `resume-${index}`);
    const sending = click(...users);
    const seen: unknown[] = [];
    let client = await resume('', reader.lastId);
    while (seen.length < users.length) {
      const wanted = Math.min(7, users.length - seen.length);
      await client.has(wanted);
      const { lastId } = client;
      client.close();
      seen.push(...client.seen());
      client = await resume('', lastId);
    }
    await sending;
    expect(seen).toEqual(users);
    expect(reader.seen()).toEqual(users);
  });

  it('goes on by the query parameter, and by the header where there are both', async () => {
    const reader = await watch();
    await click('q-1', 'q-2', 'q-3');
    await reader.has(3);
    const [first, second] = reader.messages;
    const byQuery = await resume(`?last_event_id=${first!.id}`);
    const byHeader = await resume(`?last_event_id=${first!.id}`, second!.id);
    await byQuery.has(2);
    await byHeader.has(1);
    expect(byQuery.seen()).toEqual(['q-2', 'q-3']);
    expect(byHeader.seen()).toEqual(['q-3']);
  });

  it('knows where a client was that had chosen nothing of what came', async () => {
    const client = await watch('?event=never');
    const { lastId } = client;
    client.close();
    await click('n-1');
    const next = await resume('', lastId);
    await next.has(1);
    expect(next.seen()).toEqual(['n-1']);
  });

  it('tells that something may be missing where it cannot know, and goes on', async () => {
    const reader = await watch();
    const client = await resume('', '0123456789abcdef-1');
    await click('gap-1');
    await reader.has(1);
    await client.has(2);
    expect(client.seen()).toEqual(['gap', 'gap-1']);
    const last = client.lastId;
    client.close();
    await click('gap-2');
    const next = await resume('', last);
    await next.has(1);
    expect(next.seen()).toEqual(['gap-2']);
  });

  it('waits for what another process has heard a little earlier', async () => {
    await watch();
    const client = await resume('', 'abc-7');
    await notify('abc', 6, [{ user: 'w-6' }, { user: 'w-7' }, { user: 'w-8' }]);
    await client.has(1);
    expect(client.seen()).toEqual(['w-8']);
  });

  it('takes no notice of what it cannot read', async () => {
    const client = await watch();
    for (const payload of ['', 'want', 'events x', 'events abc-1 0\n{', `want ${'1'.repeat(99)}`]) {
      await server.dataSource.query(`SELECT pg_notify(${CHANNEL}, $1)`, [payload]);
    }
    await click('after');
    await client.has(1);
    expect(client.seen()).toEqual(['after']);
  });

  it('shows a part of a flood, and says how many it left out', async () => {
    const client = await watch();
    const events = Array.from({ length: 10_000 }, (_, index) => ({
      user: `flood-${index}`,
      event: 'click',
    }));
    for (let round = 0; round < 3; round += 1) {
      const response = await send(events);
      expect(await response.json()).toMatchObject({ stored: 10_000, rejected: 0 });
    }
    const told = (): number =>
      client.messages.reduce(
        (sum, { event, data }) => sum + (event === 'omitted' ? Number(data['events']) : 1),
        0,
      );
    await until(() => told() === 30_000);
    const shown = client.seen().filter((user) => user !== 'omitted');
    expect(shown.length).toBeGreaterThanOrEqual(200);
    expect(shown.length).toBeLessThan(10_000);
    expect(client.seen()).not.toContain('gap');
    // The rate is one on average: what comes after the flood is shown again.
    await until(async () => {
      await click('calm');
      return client.seen().includes('calm');
    });
  });

  it('breaks the connection of a client that does not read', async () => {
    const reader = await watch();
    const deaf = await deafClient();
    // Some megabytes lie in the buffers of the system before any wait here.
    const line = { user: 'x'.repeat(7_000) };
    await until(async () => {
      await notify('dd', 1, [line], 200);
      return deaf.destroyed;
    });
    expect(reader.isEnded).toBe(false);
  });

  it('takes 100 clients, and tells the next to come back', async () => {
    const many = await Promise.all(Array.from({ length: 100 }, () => resume('')));
    const refused = await server.get('/analytics/live');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
    expect(await refused.json()).toMatchObject({ code: 'too_many_subscribers' });
    await until(() => many.every(({ lastId }) => lastId !== undefined));
    await click('to-all');
    await until(() => many.every((client) => client.seen().includes('to-all')));
    many[0]!.close();
    await until(async () => (await resume('')).response.statusCode === 200);
  });

  it('is published while somebody watches, and else not', async () => {
    const quiet = await startApplication();
    await until(() => !quiet.app.get(LiveFeed).isWatched);
    await quiet.post(`${CLICK}&user=nobody`);
    const client = await LiveClient.ready(quiet.base);
    await quiet.post(`${CLICK}&user=somebody`);
    await client.has(1);
    expect(client.seen()).toEqual(['somebody']);
    await quiet.stop();
  });

  it('goes to each server on the database, in the same order, and on at any', async () => {
    const other = await createApp(await openDatabase(server.databaseUrl, () => {}));
    await other.listen(0, '127.0.0.1');
    const otherUrl = await other.getUrl();
    const here = await watch();
    const there = await LiveClient.ready(otherUrl);
    const users = Array.from({ length: 60 }, (_, index) => `both-${index}`);
    await Promise.all(
      [server.base, otherUrl].map(async (url, part) => {
        for (const user of users.filter((_, index) => index % 2 === part)) {
          await fetch(`${url}${CLICK}&user=${user}`, { method: 'POST' });
        }
      }),
    );
    await until(() => here.messages.length === 60 && there.messages.length === 60);
    expect(new Set(here.seen())).toEqual(new Set(users));
    expect(there.messages).toEqual(here.messages);
    const back = await LiveClient.open(otherUrl, '', here.messages[41]!.id);
    await back.has(18);
    expect(back.messages).toEqual(here.messages.slice(42));
    const begun = performance.now();
    await other.close();
    expect(performance.now() - begun).toBeLessThan(5_000);
    await until(() => there.isEnded && back.isEnded);
    expect(here.isEnded).toBe(false);
  });

  /** As a process does that stores events. */
  async function notify(from: string, first: number, events: object[], times = 1): Promise<void> {
    const lines = events.map((event) => JSON.stringify({ id: randomUUID(), ...event }));
    await server.dataSource.query(
      `SELECT pg_notify(${CHANNEL}, format(E'events %s-%s 0\n%s', $1::text, number, $2::text))
       FROM generate_series($3::int, $3::int + $4::int - 1) AS number`,
      [from, lines.join('\n'), first, times],
    );
  }

  /** Asks for the feed and reads nothing of it; the server's end of the connection. */
  async function deafClient(): Promise<Socket> {
    const http: Server = server.app.getHttpServer();
    const accepted = once(http, 'connection') as Promise<[Socket]>;
    const { hostname, port } = new URL(server.base);
    const socket = connect(Number(port), hostname);
    socket.pause();
    socket.write('GET /analytics/live HTTP/1.1\r\nHost: x\r\n\r\n');
    return (await accepted)[0];
  }
});
