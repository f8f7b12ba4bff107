import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fold } from '../src/rollup/fold.js';
import { moveHorizon } from '../src/rollup/horizon.js';
import { Client } from 'pg';
import { startApplication, type TestApplication } from './support/application.js';
import { eraseUser, sendEvents } from './support/erasure.js';

interface Exported {
  id: string;
  raw_from: string | null;
  identities: { id: string; kind: string; traits: object }[];
  groups: object[];
  merges: object[];
  refused_merges: object[];
  rejections: { input: string }[];
  rollups: object[];
  events: { timestamp: string; user: string }[];
}

const ID = 'export me/"ä"';
const PATH = `/analytics/users/${encodeURIComponent(ID)}/export`;

describe('the export of a person', () => {
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

  it('holds everything that is kept of all identities', async () => {
    await sendEvents(server.base, [
      { timestamp: '2026-10-01T10:00:00Z', user: 'ex-device', anonymous: true, event: 'visit' },
      { timestamp: '2026-11-20T10:00:00Z', user: ID, event: 'buy', properties: { price: 1.5 } },
      { timestamp: '2026-11-20T10:00:01Z', user: 'beside', event: 'click' },
    ]);
    const at = { timestamp: '2026-11-20T11:00:00Z' };
    for (const [call, body] of [
      ['identify', { userId: ID, anonymousId: 'ex-device', traits: { plan: 'pro' } }],
      ['group', { userId: ID, groupId: 'acme', traits: { name: 'Acme' } }],
      ['identify', { userId: 'beside', anonymousId: 'ex-device' }],
    ] as const) {
      await server.post(`/v1/${call}`, { body: JSON.stringify({ ...body, ...at }) });
    }
    await server.post(`/analytics?user=${encodeURIComponent(ID)}&event=x`);
    await server.get('/analytics/rejections');
    await fold(client);
    await moveHorizon(client, Date.parse('2026-10-05T00:00:00Z') / 60_000);
    await server.dataSource.query(`DELETE FROM events WHERE time < '2026-10-05'`);

    for (const path of [PATH, '/analytics/users/ex-device/export?kind=anonymous']) {
      const response = await server.get(path);
      expect(response.status).toBe(200);
      expect(response.headers.get('Cache-Control')).toBe('no-store');
      expect(response.headers.get('Content-Type')).toMatch(/^application\/json/);
      expect(response.headers.get('Content-Disposition')).toBe(
        'attachment; filename="known-export_me_.json"',
      );
      const exported = (await response.json()) as Exported;
      expect(exported).toMatchObject({
        id: ID,
        kind: 'known',
        traits: { plan: 'pro' },
        raw_from: '2026-10-05T00:00:00.000Z',
        identities: [
          {
            id: ID,
            kind: 'known',
            traits: { plan: 'pro' },
            trait_times: { plan: expect.anything() },
          },
          { id: 'ex-device', kind: 'anonymous' },
        ],
        groups: [{ id: 'acme', traits: { name: 'Acme' }, member: ID }],
        merges: [{ anonymous: 'ex-device', known: ID, undone_at: null }],
        // Of whom it isn't told.
        refused_merges: [{ from: 'ex-device', into: null, reason: 'belongs_to_another' }],
        rejections: [{ code: 'unknown_event', route: 'POST /analytics' }],
        rollups: [
          {
            from: '2026-10-01T00:00:00.000Z',
            to: '2026-10-02T00:00:00.000Z',
            event: 'visit',
            source: 'default',
          },
        ],
        events: [
          {
            timestamp: '2026-11-20T10:00:00.000Z',
            user: ID,
            anonymous: false,
            event: 'buy',
            source: 'default',
            bot: false,
            properties: { price: 1.5 },
          },
          { event: 'identify' },
          { event: 'group' },
        ],
      });
      expect(JSON.stringify(exported)).not.toContain('beside');
    }
  });

  it('comes in parts, all events in order, however slowly they are read', async () => {
    const count = 5_000;
    const events = Array.from({ length: count }, (_, index) => ({
      timestamp: 1_795_000_000 + ((index * 7_919) % count),
      user: 'many',
      event: 'click',
      properties: { text: 'x'.repeat(500) },
    }));
    await sendEvents(server.base, events);
    const response = await server.get('/analytics/users/many/export');
    let text = '';
    for await (const part of response.body!.pipeThrough(new TextDecoderStream())) text += part;
    const exported = JSON.parse(text) as Exported;
    expect(exported.events).toHaveLength(count);
    const times = exported.events.map(({ timestamp }) => timestamp);
    expect(times).toEqual(times.toSorted());
  });

  it('is 404 for nobody, and two at once are enough', async () => {
    expect((await server.get('/analytics/users/nobody-has-it/export')).status).toBe(404);
    expect((await server.get(`${PATH}?limit=1`)).status).toBe(400);
    const aborting = new AbortController();
    const open = await Promise.all(
      [1, 2].map(() => server.get('/analytics/users/many/export', { signal: aborting.signal })),
    );
    const third = await server.get('/analytics/users/many/export');
    expect(third.status).toBe(503);
    expect(third.headers.has('Retry-After')).toBe(true);
    aborting.abort();
    await Promise.allSettled(open.map((response) => response.text()));
    // Those who left hold nothing up.
    for (;;) {
      const response = await server.get('/analytics/users/many/export');
      await response.body?.cancel();
      if (response.status === 200) break;
    }
    expect((await eraseUser(server.base, 'many')).body.removed.events).toBe(5_000);
  });
});
