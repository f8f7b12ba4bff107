import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApplication, type TestApplication } from './support/application.js';

const EVENTS = [
  { timestamp: '2026-11-24T09:30:00Z', user: 'a', event: 'visit', id: 'v-1' },
  { timestamp: '2026-11-24T09:31:00Z', user: 'b', event: 'visit', id: 'v-2' },
];

describe('the forms in which raw events are answered', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
    const body = JSON.stringify(EVENTS);
    await server.post('/analytics/batch', {
      body,
      headers: { 'Content-Type': 'application/json' },
    });
  });
  afterAll(() => server.stop());

  it.each([
    ['/analytics/events?format=csv&limit=1', {}],
    ['/analytics/events?limit=1', { Accept: 'text/csv' }],
  ])('%s %j is CSV, with the next cursor in a header', async (path, headers) => {
    const response = await server.get(path, { headers });
    expect(response.headers.get('Content-Type')).toMatch(/^text\/csv/);
    expect(response.headers.get('X-Next-Cursor')).not.toBeNull();
    const lines = (await response.text()).trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe('timestamp,user,event,id,source,properties,bot,anonymous,person');
    expect(lines[1]).toMatch(/^2026-11-24T09:31:00\.000Z,b,visit,/);
  });

  it.each(['ndjson', 'csv'])('refuses a %s export before its first line', async (format) => {
    await server.dataSource.query("UPDATE horizon SET raw_from = '2026-11-24T09:31:00Z'");
    const response = await server.get(
      `/analytics/export?format=${format}&from=2026-11-24T09:30:00Z`,
    );
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      code: 'raw_events_expired',
      raw_from: '2026-11-24T09:31:00.000Z',
    });
    const rest = await server.get(`/analytics/export?format=${format}`);
    expect((await rest.text()).trimEnd().split('\n')).toHaveLength(format === 'csv' ? 2 : 1);
  });

  it('exports nothing as a header alone', async () => {
    const response = await server.get('/analytics/export?format=csv&from=2030-01-01T00:00:00Z');
    expect(await response.text()).toBe('timestamp,user,event,id,source,properties,anonymous,bot\n');
  });
});
