import { describe, expect, it } from '@jest/globals';
import { KeyRing } from '../src/access/keys/key-ring.js';
import { Asked } from './support/asked.js';
import { bringDatabaseBack, takeDatabaseAway } from './support/database.js';
import { json, makeKey, withHeaders } from './support/keys.js';
import { until } from './support/poll.js';

const CALL = { userId: 'u-1', event: 'click', timestamp: '2026-01-01T00:00:00Z', messageId: 'm' };

const asked = new Asked();
const ask = asked.ask.bind(asked);
const codeOf = asked.codeOf.bind(asked);

describe('by ACCESS=open', () => {
  asked.open({ access: { open: true } });

  it('everyone may do everything but make keys, whatever keys there are', async () => {
    await makeKey(asked.server, { kind: 'read' });
    const headers = { 'X-Forwarded-For': '203.0.113.7' };
    expect((await ask('analytics/events', { headers })).status).toBe(200);
    expect((await ask('v1/track', { method: 'POST', ...json(CALL) })).status).toBe(200);
    expect((await ask('analytics/keys', { headers })).status).toBe(401);
  });
});

describe('limits', () => {
  asked.open({ limits: { perAddress: 5, perKey: 3 }, access: { open: true } }, { trustProxy: 1 });

  const from = (address: string) => ({ 'X-Forwarded-For': address });

  it('hold for an address, of IPv6 for a network', async () => {
    for (const addresses of [
      ['203.0.113.7', '::ffff:203.0.113.7'],
      ['2001:db8:1:2::7', '2001:db8:1:2:ffff::8'],
    ]) {
      for (let count = 0; count < 5; count += 1) {
        const response = await ask('analytics/events', { headers: from(addresses[count % 2]!) });
        expect(response.status).toBe(200);
        expect(response.headers.get('RateLimit')).toMatch(new RegExp(`^"address";r=${4 - count};`));
      }
      const headers = from(addresses[0]!);
      expect(await codeOf('analytics/events', { headers })).toEqual([429, 'rate_limited']);
      const batch = json({ events: [{ user: 'limited', event: 'click' }] });
      expect(
        await codeOf('analytics/batch', { method: 'POST', ...withHeaders(batch, headers) }),
      ).toEqual([429, 'rate_limited']);
      const original = await ask('analytics?user=limited&event=click', { method: 'POST', headers });
      expect(original.status).toBe(204);
      expect(original.headers.get('X-Analytics-Rejected')).toMatch(/^rate_limited/);
      expect(original.headers.get('RateLimit')).toBeNull();
    }
    expect((await ask('analytics/events', { headers: from('203.0.113.8') })).status).toBe(200);
    expect((await ask('analytics/users/limited')).status).toBe(404);
  });

  it('count a request with a body once, and hold for files', async () => {
    const headers = { ...from('198.51.100.9'), 'Content-Type': 'application/x-ndjson' };
    const query = await ask('analytics/query', {
      method: 'POST',
      ...withHeaders(json({ metrics: ['events'], date_range: 'all' }), from('198.51.100.9')),
    });
    expect(query.headers.get('RateLimit')).toMatch(/^"address";r=4;/);
    const body = '{"user":"f","event":"click","timestamp":"1224567997"}\n';
    const statuses = [];
    for (let count = 0; count < 5; count += 1) {
      statuses.push((await ask('analytics/import', { method: 'POST', headers, body })).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 429]);
  });

  it('are none for this machine itself', async () => {
    for (let count = 0; count < 10; count += 1) {
      expect((await ask('analytics/events')).status).toBe(200);
    }
  });

  it('hold for a key', async () => {
    const { secret } = await makeKey(asked.server, { kind: 'read' });
    const headers = { 'X-API-Key': secret };
    const ring = asked.server.app.get(KeyRing, { strict: false });
    await until(() => ring.findKnown(secret) !== undefined);
    for (let count = 0; count < 3; count += 1) {
      expect((await ask('analytics/events', { headers })).status).toBe(200);
    }
    const refused = await ask('analytics/events', { headers });
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: 'rate_limited' });
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect(Number(refused.headers.get('Retry-After'))).toBeLessThanOrEqual(60);
    expect(refused.headers.get('RateLimit')).toMatch(/^"key";r=0;t=\d+$/);
    expect(refused.headers.get('RateLimit-Policy')).toBe('"key";q=3;w=60');
    expect((await ask('analytics/events')).status).toBe(200);
  });
});

describe('keys while the database is away', () => {
  asked.open();

  it('are those that were known, and of others nobody can tell', async () => {
    const { secret } = await makeKey(asked.server, { kind: 'write', source: 'shop' });
    const post = (key: string) =>
      ask('analytics?user=3&event=click&timestamp=1224567997&id=a', {
        method: 'POST',
        headers: { 'X-API-Key': key },
      });
    await until(
      async () =>
        !(await post('nobody')).ok || (await post('nobody')).headers.has('X-Analytics-Rejected'),
    );
    await takeDatabaseAway(asked.server.databaseUrl);
    try {
      const known = await post(secret);
      expect([known.status, known.headers.get('X-Analytics-Rejected')]).toEqual([204, null]);
      const unknown = await post('nobody');
      expect(unknown.status).toBe(503);
      expect(Number(unknown.headers.get('Retry-After'))).toBeGreaterThan(0);
    } finally {
      await bringDatabaseBack(asked.server.databaseUrl);
    }
    await until(async () => (await asked.server.countEvents()) === 1);
    const response = await post('nobody');
    expect(response.headers.get('X-Analytics-Rejected')).toMatch(/^invalid_write_key/);
  });
});

describe('without keys while the database is away', () => {
  asked.open();

  it('any text is a key, and what is sent goes to the spool', async () => {
    await takeDatabaseAway(asked.server.databaseUrl);
    try {
      const headers = { Authorization: `Basic ${Buffer.from('any:').toString('base64')}` };
      const call = json({ ...CALL, messageId: 'away' });
      expect(
        (await ask('v1/track', { method: 'POST', ...withHeaders(call, headers) })).status,
      ).toBe(200);
      const original = await ask('analytics?user=3&event=click', {
        method: 'POST',
        headers: { Authorization: 'Bearer opaque-session' },
      });
      expect([original.status, original.headers.get('X-Analytics-Rejected')]).toEqual([204, null]);
    } finally {
      await bringDatabaseBack(asked.server.databaseUrl);
    }
    await until(async () => (await asked.server.countEvents()) === 2);
  });
});

describe('the live feed', () => {
  asked.open();

  it('ends within seconds when its key is revoked', async () => {
    const { secret, key } = await makeKey(asked.server, { kind: 'read' });
    await until(async () => (await ask('analytics/events')).status === 401);
    const feed = await fetch(`${asked.server.base}/analytics/live`, {
      headers: { 'X-API-Key': secret },
    });
    expect(feed.status).toBe(200);
    const ended = feed.text().catch(() => 'broken off');
    await asked.server.dataSource.query('UPDATE access_keys SET revoked_at = now() WHERE id = $1', [
      key.id,
    ]);
    const begun = performance.now();
    await ended;
    expect(performance.now() - begun).toBeLessThan(8_000);
  });
});

describe('when a key was used last', () => {
  asked.open();

  it('is kept, at the end at the latest', async () => {
    const { secret } = await makeKey(asked.server, { kind: 'read' });
    const headers = { 'X-API-Key': secret };
    await until(async () => (await ask('analytics/events')).status === 401);
    expect((await ask('analytics/events', { headers })).status).toBe(200);
    await asked.server.app.get(KeyRing, { strict: false }).beforeApplicationShutdown();
    const rows = await asked.server.dataSource.query(
      `SELECT last_used_at > now() - interval '1 hour' AS used FROM access_keys`,
    );
    expect(rows).toEqual([{ used: true }]);
  });
});
