import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ANY_TIME, startApplication, type TestApplication } from './support/application.js';

describe('the original API', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication(ANY_TIME);
  });
  afterAll(() => server.stop());
  beforeEach(() => server.dataSource.query('TRUNCATE events'));

  async function store(query: string, init?: RequestInit): Promise<void> {
    const response = await server.post(`/analytics?${query}`, init);
    expect(response.headers.get('X-Analytics-Rejected')).toBeNull();
    expect(response.status).toBe(204);
  }

  async function report(timestamp: string | number): Promise<string> {
    const response = await server.get(`/analytics?timestamp=${timestamp}`);
    expect(response.status).toBe(200);
    return response.text();
  }

  it("answers the README's calls", async () => {
    await store('timestamp=1224567997&user=3&event=click');
    await store('timestamp=1224567998&user=4&event=impression');
    expect(await report(1_224_567_999)).toBe('unique_users,2\nclicks,1\nimpressions,1\n');
  });

  it('has both ends of the hour in the window', async () => {
    await store('timestamp=1224564399&user=first&event=click');
    await store('timestamp=1224567999&user=last&event=impression');
    expect(await report(1_224_567_999)).toBe(figures(2, 1, 1));
    expect(await report('1224567999001')).toBe(figures(1, 0, 1));
    expect(await report('1224567998999')).toBe(figures(1, 1, 0));
  });

  it('counts a user who clicks and views once', async () => {
    await store('timestamp=1224567997&user=3&event=click');
    await store('timestamp=1224567998&user=3&event=impression');
    expect(await report(1_224_567_999)).toBe(figures(1, 1, 1));
  });

  it('counts two equal events of one second twice', async () => {
    await store('timestamp=1224567997&user=3&event=click');
    await store('timestamp=1224567997&user=3&event=click');
    expect(await report(1_224_567_999)).toBe(figures(1, 2, 0));
  });

  it('counts a retry with the same id once', async () => {
    await store('timestamp=1224567997&user=3&event=click&id=order-1');
    await store('timestamp=1224567997&user=3&event=click&id=order-1');
    expect(await report(1_224_567_999)).toBe(figures(1, 1, 0));
  });

  it('answers zeros for an hour without events', async () => {
    expect(await report(0)).toBe(figures(0, 0, 0));
  });

  it('counts by kind, and no other event', async () => {
    await server.dataSource.query(
      `SELECT * FROM record_events(
         array_fill('2008-10-21T05:46:37Z'::timestamptz, ARRAY[3]),
         ARRAY['buyer', NULL, 'viewer'], ARRAY['purchase', 'click', 'impression'])`,
    );
    // An event of nobody counts, but is no user.
    expect(await report(1_224_567_999)).toBe(figures(1, 1, 1));
    await server.dataSource.query(`UPDATE event_names SET kind = 'click' WHERE name = 'purchase'`);
    expect(await report(1_224_567_999)).toBe(figures(2, 2, 1));
    await server.dataSource.query(`UPDATE event_names SET kind = 'none' WHERE name = 'purchase'`);
  });

  it.each([
    ['seconds', '1224567997', '2008-10-21T05:46:37.000Z'],
    ['11 digits', '99999999999', '5138-11-16T09:46:39.000Z'],
    ['milliseconds', '1224567997250', '2008-10-21T05:46:37.250Z'],
    ['ISO 8601 in UTC', '2008-10-21T05:46:37Z', '2008-10-21T05:46:37.000Z'],
    ['ISO 8601 with offset', '2008-10-21T07:46:37.5%2B02:00', '2008-10-21T05:46:37.500Z'],
    ['finer than a millisecond', '2008-10-21T05:46:37.2509999Z', '2008-10-21T05:46:37.250Z'],
    ['the first year', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['the last year', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('takes a timestamp as %s', async (_, timestamp, moment) => {
    await store(`timestamp=${timestamp}&user=3&event=click`);
    expect(await report(timestamp)).toBe(figures(1, 1, 0));
    const json = await server.get(`/analytics?timestamp=${timestamp}&format=json`);
    expect(await json.json()).toMatchObject({ window: { to: moment } });
  });

  it("takes the server's time for an event without a timestamp", async () => {
    const before = Date.parse(new Date().toISOString());
    await store('user=3&event=click');
    const [row] = await server.dataSource.query<{ time: Date }[]>('SELECT time FROM events');
    expect(row!.time.getTime()).toBeGreaterThanOrEqual(before);
    expect(row!.time.getTime()).toBeLessThanOrEqual(Date.parse(new Date().toISOString()));
  });

  const fields = { timestamp: 1_224_567_997, user: '3', event: 'click' };
  it.each([
    ['JSON', 'application/json', JSON.stringify(fields)],
    ['JSON with a charset', 'application/json; charset=utf-8', JSON.stringify(fields)],
    ['a form', 'application/x-www-form-urlencoded', 'timestamp=1224567997&user=3&event=click'],
    ['text/plain JSON, as sendBeacon sends', 'text/plain;charset=UTF-8', JSON.stringify(fields)],
  ])('reads the same fields from %s', async (_, contentType, body) => {
    await store('', { headers: { 'Content-Type': contentType }, body });
    expect(await report(1_224_567_999)).toBe(figures(1, 1, 0));
  });

  it('reads fields from the query and the body together', async () => {
    await store('timestamp=1224567997', {
      headers: { 'Content-Type': 'application/json' },
      body: '{"user": 3, "event": "click"}',
    });
    expect(await report(1_224_567_999)).toBe(figures(1, 1, 0));
  });

  it.each([
    '😀',
    '👩‍👩‍👧',
    'مستخدم',
    '\u202Euser',
    "O'Brien; DROP TABLE users;--",
    '%_\\',
    'a b&c=d+e',
    '𝒳'.repeat(255),
  ])('gives the user id %s back as it came', async (user) => {
    await store(`timestamp=1224567997&user=${encodeURIComponent(user)}&event=click`);
    const rows = await server.dataSource.query<{ id: string; kind: string }[]>(
      'SELECT users.id, users.kind FROM events JOIN users ON users.seq = events.user_seq',
    );
    expect(rows).toEqual([{ id: user, kind: 'known' }]);
  });

  it('answers JSON by Accept, with the bounds of the window', async () => {
    await store('timestamp=1224567997&user=3&event=click');
    const response = await server.get('/analytics?timestamp=1224567999', {
      headers: { Accept: 'application/json' },
    });
    expect(response.headers.get('Content-Type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('Vary')).toContain('Accept');
    expect(await response.json()).toEqual({
      window: { from: '2008-10-21T04:46:39.000Z', to: '2008-10-21T05:46:39.000Z' },
      unique_users: 1,
      clicks: 1,
      impressions: 0,
    });
  });

  it.each([
    ['anything', '*/*', ''],
    ['a browser', 'text/html,application/xhtml+xml,*/*;q=0.8', ''],
    ['JSON, overruled by format', 'application/json', '&format=csv'],
  ])('answers CSV to %s', async (_, accept, parameter) => {
    const response = await server.get(`/analytics?timestamp=1224567999${parameter}`, {
      headers: { Accept: accept },
    });
    expect(response.headers.get('Content-Type')).toBe('text/csv; charset=utf-8');
    expect(await response.text()).toBe(figures(0, 0, 0));
  });

  it('lets any site send, and none read', async () => {
    const origin = { Origin: 'https://shop.example' };
    const preflight = await fetch(`${await server.app.getUrl()}/analytics`, {
      method: 'OPTIONS',
      headers: { ...origin, 'Access-Control-Request-Method': 'POST' },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('Access-Control-Allow-Origin')).toBe('*');
    const post = await server.post('/analytics', { headers: origin });
    expect(post.headers.get('Access-Control-Allow-Origin')).toBe('*');
    expect(post.headers.get('Access-Control-Expose-Headers')).toContain('X-Analytics-Rejected');
    const get = await server.get('/analytics?timestamp=0', { headers: origin });
    expect(get.headers.get('Access-Control-Allow-Origin')).toBeNull();
  });
});

function figures(users: number, clicks: number, impressions: number): string {
  return `unique_users,${users}\nclicks,${clicks}\nimpressions,${impressions}\n`;
}
