import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { RejectionsDto } from '../src/ingest/rejections.dto.js';
import { Refusal } from '../src/ingest/refusal.js';
import { RejectionLog } from '../src/ingest/rejection-log.js';
import { startApplication, type TestApplication } from './support/application.js';

describe('GET /analytics/rejections', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());
  afterEach(() => server.dataSource.query('TRUNCATE rejections, rejection_counts'));

  async function read(query = ''): Promise<RejectionsDto> {
    const response = await server.get(`/analytics/rejections${query}`);
    expect(response.status).toBe(200);
    return (await response.json()) as RejectionsDto;
  }

  it('shows what was given, newest first, with what is accepted', async () => {
    await server.post('/analytics?user=3&event=purchase');
    await server.post('/analytics', {
      headers: { 'Content-Type': 'application/json' },
      body: '{"user": "a\tb",\n "event": "click"}',
    });
    await server.post('/analytics/batch', {
      headers: { 'Content-Type': 'application/json' },
      body: '[{"user": "3", "event": ""}]',
    });
    const { rejections, counts } = await read();
    expect(rejections.map(({ route, code, input }) => [route, code, input])).toEqual([
      ['POST /analytics/batch', 'invalid_event', '{"user":"3","event":""}'],
      [
        'POST /analytics',
        'unreadable_body',
        String.raw`{"user": "a\u0009b",\u000a "event": "click"}`,
      ],
      ['POST /analytics', 'unknown_event', '?user=3&event=purchase'],
    ]);
    expect(counts).toEqual({ invalid_event: 1, unknown_event: 1, unreadable_body: 1 });
  });

  it('keeps the beginning of a long input', async () => {
    await server.post(`/analytics?user=${'u'.repeat(5_000)}&event=click`);
    const { rejections } = await read();
    expect(rejections[0]!.input).toBe(`?user=${'u'.repeat(494)}…`);
  });

  // From here on, this minute's sample of missing_user is used up.
  it('counts every one of a flood, and keeps a sample', async () => {
    for (let wave = 0; wave < 10; wave += 1) {
      await Promise.all(Array.from({ length: 100 }, () => server.post('/analytics?event=click')));
    }
    const { rejections, counts } = await read('?limit=1000');
    expect(counts).toEqual({ missing_user: 1_000 });
    // The clock may pass a minute in between.
    expect(rejections.length).toBeGreaterThanOrEqual(100);
    expect(rejections.length).toBeLessThanOrEqual(200);
  });

  it('is bounded: 10,000 lines, 7 days', async () => {
    await server.dataSource.query(
      `INSERT INTO rejections (time, code, message, route, input)
       SELECT now() - make_interval(secs => 20000 - n), 'old', '', '', n::text
       FROM generate_series(1, 12000) AS n`,
    );
    await server.dataSource.query(
      `INSERT INTO rejection_counts VALUES (now() - interval '8 days', 'forgotten', 5),
         (now() - interval '6 days', 'remembered', 5)`,
    );
    server.app.get(RejectionLog).note(new Refusal('invalid_id'), 'test', '');
    const { counts } = await read();
    expect(counts).toEqual({ invalid_id: 1, remembered: 5 });
    const [row] = await server.dataSource.query<{ count: number; oldest: string }[]>(
      "SELECT count(*)::int AS count, min(input::int) AS oldest FROM rejections WHERE code = 'old'",
    );
    expect(row).toEqual({ count: 9_999, oldest: 2_002 });
  });

  it('reaches the table without being read', async () => {
    await server.post('/analytics?user=3&event=click&timestamp=soon');
    let rows: unknown[];
    do rows = await server.dataSource.query<unknown[]>('SELECT code FROM rejections');
    while (rows.length === 0);
    expect(rows).toEqual([{ code: 'invalid_timestamp' }]);
  });

  it.each(['0', '-1', '1001', 'abc', '1.5', '', '0x10', '1e2', '%205'])(
    'refuses a limit of "%s"',
    async (limit) => {
      const response = await server.get(`/analytics/rejections?limit=${limit}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        message: 'limit must be a whole number from 1 to 1000',
      });
    },
  );
});
