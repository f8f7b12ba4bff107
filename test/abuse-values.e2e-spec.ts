import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApplication, type TestApplication } from './support/application.js';
import { endpoints, examplesOf, sendExample } from './support/endpoints.js';
import { slotsOf } from './support/slots.js';

/** Each would change a statement that it became part of, or make one that fails. */
const SQL = [
  "'",
  '"',
  '\\',
  '$1',
  '%',
  "' OR '1'='1",
  "'; DROP TABLE events; --",
  "'||pg_sleep(30)||'",
];
/** These are tried where text is stored and looked for. */
const MORE_SQL = [
  ...SQL,
  "''",
  "\\'; --",
  '$$',
  ':name',
  '?',
  "'); DELETE FROM users; --",
  "' UNION SELECT rolpassword FROM pg_authid --",
  '1; SELECT pg_sleep(30)',
  "E'\\x27'",
  '/* */',
  'events"."id',
  "{'a':1}",
  '$."a" ? (@ == 1)',
];
/** Each would end a line of a header that it became part of. */
const HEADERS = [
  'a\r\nX-Injected: yes',
  '\nSet-Cookie: a=b',
  '\r\n\r\n<script>alert(1)</script>',
  '\u560d\u560aX-Injected: yes',
  '"; filename=x.exe; a="',
];
const HARMLESS = 'harmless';

const slots = endpoints
  .flatMap(examplesOf)
  .flatMap(slotsOf)
  .map((slot) => ({ slot, name: slot.name, method: slot.request.method, path: slot.request.path }));

let server: TestApplication;

beforeAll(async () => {
  server = await startApplication();
});
afterAll(() => server.stop());

describe('text that would be SQL', () => {
  let schema: unknown;

  beforeAll(async () => {
    schema = await schemaOf();
    await server.post('/v1/identify', { body: '{"anonymousId":"b-1","userId":"u-81"}' });
  });

  it.each(slots)('in $method $path, $name, is text as any', async ({ slot }) => {
    const harmless = await statusOf(slot.with(HARMLESS));
    for (const text of SQL) {
      const begun = performance.now();
      const status = await statusOf(slot.with(text));
      expect([text, status]).toEqual([text, harmless]);
      expect(performance.now() - begun).toBeLessThan(20_000);
    }
  });

  it('ended no statement and began none: all tables are as they were', async () => {
    expect(await schemaOf()).toEqual(schema);
    const [{ users }] = await server.dataSource.query<[{ users: number }]>(
      `SELECT count(*)::int AS users FROM users WHERE id IN ('u-81', 'b-1')`,
    );
    expect(users).toBe(2);
  });

  it('is stored, found and counted as it is', async () => {
    const texts = MORE_SQL.map((text) => `${text} stored`);
    const events = texts.map((text, index) => ({
      timestamp: '2026-11-24T09:30:00Z',
      id: `sql-${index}`,
      user: text,
      event: text,
      source: text,
      properties: { [text]: text },
    }));
    const stored = await server.post('/analytics/batch', {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(events),
    });
    expect(await stored.json()).toMatchObject({ stored: texts.length, rejected: 0 });
    for (const text of texts) {
      const query = {
        metrics: ['events', 'unique_users', `count(${text})`],
        date_range: ['2026-11-24', '2026-11-25'],
        dimensions: ['event', 'source', `property:${text}`],
        filters: [
          ['is', 'event', [text]],
          ['contains', 'source', [text]],
          ['is', `property:${text}`, [text]],
        ],
      };
      const answer = await server.post('/analytics/query', { body: JSON.stringify(query) });
      const row = { event: text, source: text, events: 1, unique_users: 1, [`count(${text})`]: 1 };
      expect(await answer.json()).toMatchObject({
        results: [Object.fromEntries([...Object.entries(row), [`property:${text}`, text]])],
      });
      const user = await server.get(`/analytics/users/${encodeURIComponent(text)}`);
      expect(await user.json()).toMatchObject({ id: text, events: 1 });
    }
  });
});

describe('text that would be a header', () => {
  it.each(slots)('in $method $path, $name, stays out of all', async ({ slot }) => {
    for (const text of HEADERS) {
      const response = await sendExample(server.base, slot.with(text));
      await response.body?.cancel();
      expect(response.status).not.toBe(500);
      expect(response.headers.get('X-Injected')).toBeNull();
      expect(response.headers.get('Set-Cookie')).toBeNull();
      const written = [...response.headers].map(([name, value]) => `${name}: ${value}`);
      expect(written.join('\n')).not.toMatch(/injected|script>|filename/i);
    }
  });

  it('stays out of redirects', async () => {
    for (const text of HEADERS) {
      const query = encodeURIComponent(text);
      const response = await server.get(`/dashboard/?a=${query}`, { redirect: 'manual' });
      expect(response.status).toBe(301);
      expect(response.headers.get('Location')).toBe(`../dashboard?a=${query}`);
      expect(response.headers.get('X-Injected')).toBeNull();
    }
  });
});

async function statusOf(request: Parameters<typeof sendExample>[1]): Promise<number> {
  const response = await sendExample(server.base, request);
  await response.body?.cancel();
  return response.status;
}

/** Every table and how it's made. */
async function schemaOf(): Promise<unknown> {
  return server.dataSource.query(
    `SELECT table_name, string_agg(column_name || data_type, ',' ORDER BY ordinal_position) AS columns
     FROM information_schema.columns WHERE table_schema = 'public'
     GROUP BY table_name ORDER BY table_name`,
  );
}
