import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { fold } from '../src/rollup/fold.js';
import { moveHorizon } from '../src/rollup/horizon.js';
import { verifyMinutes } from '../src/rollup/verify.js';
import { startApplication, type TestApplication } from './support/application.js';
import { eraseUser, isRolledUp, numberOf, sendEvents, tablesHolding } from './support/erasure.js';

const OLD = '2026-11-20T10:00:00Z';
const OLD_MINUTE = Date.parse(OLD) / 60_000;

describe('erasing a person', () => {
  let server: TestApplication;
  let client: Client;

  beforeAll(async () => {
    server = await startApplication();
    client = new Client(server.databaseUrl);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await server.stop();
  });

  const send = (...events: object[]) => sendEvents(server.base, events);
  const post = (path: string, body: object) => server.post(path, { body: JSON.stringify(body) });
  const holding = (text: string) => tablesHolding(server.dataSource, text);

  /** Somebody with a device, traits, a group of their own, rejections and samples of all that. */
  async function makePerson(id: string, device: string): Promise<number> {
    await send(
      { timestamp: OLD, user: device, anonymous: true, event: 'visit', properties: { device } },
      { timestamp: OLD, user: id, event: 'click', id: `c-${id}` },
      { timestamp: OLD, user: `beside-${device.slice(-3)}`, event: 'click' },
    );
    await post('/v1/identify', { userId: id, anonymousId: device, traits: { email: id } });
    await post('/v1/group', { userId: id, groupId: `of ${id}` });
    await server.post(`/analytics?timestamp=x&user=${encodeURIComponent(id)}&event=click`);
    await post('/v1/track', { userId: 7, anonymousId: device, event: [id] });
    await server.get('/analytics/rejections');
    await fold(client);
    await server.dataSource.query('ANALYZE');
    return (await numberOf(server.dataSource, id))!;
  }

  it('removes every trace of all identities, whichever is named', async () => {
    const id = 'erase-me "ä"/81@example.com';
    const device = 'device-erase-me-5c1';
    const seq = await makePerson(id, device);
    expect(await holding(id)).toEqual(
      expect.arrayContaining(['public.users', 'public.groups', 'public.rejections']),
    );
    expect(await holding(id)).toContain('pg_catalog.pg_statistic');
    expect(await isRolledUp(server.dataSource, seq)).toBe(true);

    const { status, body } = await eraseUser(server.base, device, 'anonymous');
    expect(status).toBe(200);
    expect(body).toEqual({
      erasure: expect.any(Number),
      erased_before: expect.stringMatching(/^\d{4}-.*Z$/),
      refused_until: expect.stringMatching(/^\d{4}-.*Z$/),
      removed: {
        identities: 2,
        events: 4,
        merges: 1,
        groups: 1,
        rejections: 2,
        waiting: 0,
        rollup_minutes: 2,
        rollup_days: 0,
      },
    });
    const days = (Date.parse(body.refused_until) - Date.parse(body.erased_before)) / 86_400_000;
    expect(days).toBeCloseTo(30, 3);
    expect(await holding(id)).toEqual([]);
    expect(await holding(device)).toEqual([]);
    expect(await isRolledUp(server.dataSource, seq)).toBe(false);
    expect(await verifyMinutes(client, OLD_MINUTE - 60, OLD_MINUTE + 60)).toEqual([]);
    expect(await server.countEvents()).toBe(1);
    for (const path of [
      `/analytics/users/${encodeURIComponent(id)}`,
      `/analytics/users/${device}?kind=anonymous`,
      `/analytics/users/${encodeURIComponent(id)}/export`,
    ]) {
      expect((await server.get(path)).status).toBe(404);
    }
    const [erasure] = await server.dataSource.query<Record<string, unknown>[]>(
      'SELECT * FROM erasures ORDER BY id DESC LIMIT 1',
    );
    expect(erasure).toMatchObject({ asked_by: 'anyone', user_seqs: [], removed: body.removed });
    expect(erasure!['finished_at']).toBeInstanceOf(Date);
  });

  it('shows nothing of them at any endpoint afterwards', async () => {
    const id = 'nowhere-to-be-seen';
    await makePerson(id, 'device-nowhere-9a9');
    expect((await eraseUser(server.base, id)).status).toBe(200);
    for (const path of [
      '/analytics/users?limit=1000',
      '/analytics/events?date_range=all',
      '/analytics/export',
      '/analytics/merges',
      '/analytics/merges/refused',
      '/analytics/rejections?limit=1000',
      '/analytics/query?metrics=events&date_range=all&dimensions=trait:email',
      '/analytics/query?metrics=events&date_range=all&dimensions=property:device',
    ]) {
      const response = await server.get(path);
      expect(`${path} ${response.status}`).toBe(`${path} 200`);
      const text = await response.text();
      expect(text).not.toContain(id);
      expect(text).not.toContain('device-nowhere');
    }
  });

  it('refuses older events of each id on every way in, and tells so', async () => {
    const id = 'refused-u';
    const device = 'refused-device';
    await makePerson(id, device);
    await eraseUser(server.base, id);
    const before = await server.countEvents();
    const single = await server.post(`/analytics?user=${id}&event=click&timestamp=${OLD}`);
    expect(single.status).toBe(204);
    expect(single.headers.get('X-Analytics-Rejected')).toMatch(/^erased; message="/);
    expect(
      await send(
        { timestamp: OLD, user: id, event: 'click', id: `c-${id}` },
        { timestamp: OLD, user: device, anonymous: true, event: 'visit' },
        { timestamp: OLD, user: 'refused-beside', event: 'click' },
      ),
    ).toEqual(['erased', 'erased', undefined]);
    const lines = [id, 'refused-beside-2'].map((user) =>
      JSON.stringify({ timestamp: OLD, user, event: 'refused-name' }),
    );
    const stream = await server.post('/analytics/batch', {
      headers: { 'Content-Type': 'application/x-ndjson' },
      body: lines.join('\n'),
    });
    expect(await stream.json()).toMatchObject({
      stored: 1,
      rejected: 1,
      receipts: [{ index: 0, code: 'erased' }],
    });
    const file = await server.post('/analytics/import?format=ndjson', {
      headers: { 'Content-Type': 'application/octet-stream' },
      body: lines.join('\n'),
    });
    expect(await file.json()).toMatchObject({ rejected: 1, receipts: [{ code: 'erased' }] });
    const profiles = await server.post('/analytics/users/import', {
      headers: { 'Content-Type': 'application/x-ndjson' },
      body: ['refused-beside', id]
        .map((user) => JSON.stringify({ user, timestamp: OLD, traits: { plan: 'pro' } }))
        .join('\n'),
    });
    expect(await profiles.json()).toMatchObject({ stored: 1, rejected: 1 });
    const calls = [
      { type: 'track', userId: id, event: 'x' },
      { type: 'identify', userId: id, traits: { a: 1 } },
      { type: 'identify', userId: 'refused-beside', anonymousId: device },
      { type: 'alias', userId: 'refused-beside', previousId: id },
      { type: 'page', anonymousId: device, name: 'x' },
    ];
    await post('/v1/batch', {
      batch: calls.map((call) => Object.assign(call, { timestamp: OLD })),
    });
    await post('/batch', { batch: [{ event: 'x', distinct_id: id, timestamp: OLD }] });
    const rows = await server.dataSource.query<{ status: string }[]>(
      `SELECT status FROM record_events(
         ARRAY[$2, $2, $2, clock_timestamp()]::timestamptz[], ARRAY['refused-beside', $1, $3, NULL],
         ARRAY['click', 'click', 'click', 'click'],
         user_kinds => ARRAY['known', 'known', 'anonymous', NULL]::user_kind[])`,
      [id, OLD, device],
    );
    expect(rows.map(({ status }) => status)).toEqual(['stored', 'erased', 'erased', 'stored']);
    expect(await holding(id)).toEqual([]);
    expect(await holding(device)).toEqual([]);
    // Those of others: of the batch, the stream, the file, and SQL.
    expect((await server.countEvents()) - before).toBe(5);
    const log = await server.get('/analytics/rejections?limit=1000');
    const { counts } = (await log.json()) as { counts: Record<string, number> };
    expect(counts['erased']).toBe(12);
  });

  it('takes newer events of the same id for those of somebody new', async () => {
    const id = 'comes-back';
    const seq = await makePerson(id, 'device-comes-b4c');
    const { body } = await eraseUser(server.base, id);
    expect(
      await send(
        { user: id, event: 'click', id: 'new-1' },
        { user: id, event: 'click', id: 'old-1', timestamp: OLD },
        { user: id, event: 'click', id: 'at-1', timestamp: body.erased_before },
      ),
    ).toEqual([undefined, 'erased', undefined]);
    expect(await send({ user: id, event: 'click', id: 'old-2', timestamp: OLD })).toEqual([
      'erased',
    ]);
    const fresh = await numberOf(server.dataSource, id);
    expect(fresh).toBeGreaterThan(seq);
    const answer = await server.get(`/analytics/users/${id}`);
    expect(await answer.json()).toMatchObject({ traits: {}, groups: [], events: 2 });
    const put = await server.get(`/analytics/users/${id}`, {
      method: 'PUT',
      headers: { 'Content-Type': 'application/json' },
      body: '{"traits":{"plan":"pro"}}',
    });
    expect(put.status).toBe(200);
    // And erases them as well.
    expect((await eraseUser(server.base, id)).body.removed).toMatchObject({ events: 2 });
    expect(await holding(id)).toEqual([]);
  });

  it('keeps a retry out whose event lay ahead of its time', async () => {
    const ahead = new Date(Date.now() + 600_000).toISOString();
    const event = { timestamp: ahead, user: 'fast-clock', event: 'click', id: 'ahead-1' };
    expect(await send(event)).toEqual([undefined]);
    await eraseUser(server.base, 'fast-clock');
    expect(await send(event)).toEqual(['erased']);
  });

  it('answers 404 for nobody, and refuses their older events all the same', async () => {
    const { status, body } = await eraseUser(server.base, 'never-seen');
    expect(status).toBe(404);
    expect(body).toMatchObject({
      code: 'unknown_user',
      erased_before: expect.any(String),
      refused_until: expect.any(String),
    });
    expect(await send({ timestamp: OLD, user: 'never-seen', event: 'click' })).toEqual(['erased']);
    // The other kind is somebody else.
    expect(
      await send({ timestamp: OLD, user: 'never-seen', anonymous: true, event: 'click' }),
    ).toEqual([undefined]);
    expect((await server.get('/analytics/users/x?kind=y', { method: 'DELETE' })).status).toBe(400);
    expect((await server.get('/analytics/users/x%00', { method: 'DELETE' })).status).toBe(404);
  });

  it('leaves alone who was merged once, and not that they were', async () => {
    await post('/v1/identify', { userId: 'once-known', anonymousId: 'once-device' });
    const merges = await server.get('/analytics/merges?anonymous=once-device');
    const [merge] = ((await merges.json()) as { merges: { id: number }[] }).merges;
    await server.get(`/analytics/merges/${merge!.id}`, { method: 'DELETE' });
    await post('/v1/alias', { userId: 'once-known', previousId: 'once-other-known' });
    await send({ user: 'once-other-known', event: 'click' });
    await post('/v1/alias', { userId: 'once-known', previousId: 'once-other-known' });
    await server.dataSource.query(
      `UPDATE merges SET merged_by = 'POST /v1/identify, token of once-known'
       WHERE id = (SELECT min(id) FROM merges)`,
    );
    const { body } = await eraseUser(server.base, 'once-known');
    expect(body.removed.identities).toBeGreaterThan(0);
    expect(await holding('once-known')).toEqual([]);
    expect(await numberOf(server.dataSource, 'once-device', 'anonymous')).toBeGreaterThan(0);
    expect(await numberOf(server.dataSource, 'once-other-known')).toBeGreaterThan(0);
    expect((await server.get(`/analytics/merges/${merge!.id}`)).status).toBe(404);
  });

  it('lets tombstones go when their time is over', async () => {
    await eraseUser(server.base, 'over-soon');
    const event = { timestamp: OLD, user: 'over-soon', event: 'click' };
    expect(await send(event)).toEqual(['erased']);
    await server.dataSource.query('UPDATE tombstones SET expires_at = now()');
    expect(await send(event)).toEqual([undefined]);
  });

  it('takes them out of rollups below the horizon, whose counts stay', async () => {
    const time = '2026-10-01T12:30:15Z';
    await send(
      { timestamp: time, user: 'long-gone', event: 'click' },
      { timestamp: time, user: 'long-here', event: 'click' },
    );
    await fold(client);
    const seq = (await numberOf(server.dataSource, 'long-gone'))!;
    await moveHorizon(client, Date.parse('2026-10-02T00:00:00Z') / 60_000);
    await server.dataSource.query(`DELETE FROM events WHERE time < '2026-10-02'`);
    await fold(client);
    expect(await isRolledUp(server.dataSource, seq)).toBe(true);
    const { body } = await eraseUser(server.base, 'long-gone');
    expect(body.removed).toMatchObject({ identities: 1, events: 0, rollup_days: 1 });
    expect(await isRolledUp(server.dataSource, seq)).toBe(false);
    const answer = await server.get(
      '/analytics/query?metrics=events,unique_users&date_range=2026-10-01,2026-10-02',
    );
    expect(await answer.json()).toMatchObject({ results: [{ events: 2, unique_users: 1 }] });
  });
});
