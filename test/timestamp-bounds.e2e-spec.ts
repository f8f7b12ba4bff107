import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { onTimescaledb } from './support/database.js';
import { startApplication, type TestApplication } from './support/application.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** Each way in over HTTP: what it's sent for a timestamp, and the code that its answer names. */
const WAYS: [
  string,
  (server: TestApplication, timestamp: string) => Promise<string | undefined>,
][] = [
  [
    'POST /analytics',
    async (server, timestamp) => {
      const query = new URLSearchParams({ user: '3', event: 'click', timestamp });
      const { headers } = await server.post(`/analytics?${query.toString()}`);
      return headers.get('X-Analytics-Rejected')?.split(';')[0];
    },
  ],
  [
    'a batch',
    async (server, timestamp) => {
      const body = JSON.stringify([{ user: '3', event: 'click', timestamp }]);
      return codeOf(await server.post('/analytics/batch', json(body)), 'receipts');
    },
  ],
  [
    'a stream',
    async (server, timestamp) => {
      const body = JSON.stringify({ user: '3', event: 'click', timestamp });
      const init = { headers: { 'Content-Type': 'application/x-ndjson' }, body };
      return codeOf(await server.post('/analytics/batch', init), 'receipts');
    },
  ],
  [
    'an import of CSV',
    async (server, timestamp) => {
      const body = `timestamp,user,event\n${timestamp},3,click\n`;
      const init = { headers: { 'Content-Type': 'text/csv' }, body };
      return codeOf(await server.post('/analytics/import', init), 'receipts');
    },
  ],
  [
    'a call of Segment',
    async (server, timestamp) => {
      const call = { userId: '3', event: 'click', messageId: timestamp, timestamp };
      return codeOf(await server.post('/v1/track', json(JSON.stringify(call))), 'rejected');
    },
  ],
  [
    'the tracker',
    async (server, timestamp) => {
      const call = { type: 'track', userId: '3', event: 'click', timestamp };
      const body = JSON.stringify({ batch: [call] });
      return codeOf(await server.post('/analytics.js', { body }), 'rejected');
    },
  ],
  [
    "an event of PostHog's",
    async (server, timestamp) => {
      const event = { api_key: 'any', distinct_id: '3', event: 'click', timestamp };
      return codeOf(await server.post('/i/v0/e/', json(JSON.stringify(event))), 'rejected');
    },
  ],
];

describe('times of events', () => {
  describe('if nothing is configured', () => {
    let server: TestApplication;

    beforeAll(async () => (server = await startApplication()));
    afterAll(() => server.stop());

    it.each(WAYS)('%s may be a day ahead, and of any time that is past', async (_, send) => {
      const before = await server.countEvents();
      expect(await send(server, ahead(DAY - HOUR))).toBeUndefined();
      expect(await send(server, '2008-10-21T05:46:37Z')).toBeUndefined();
      expect(await send(server, '0001-01-01T00:00:00Z')).toBeUndefined();
      expect(await server.countEvents()).toBe(before + 3);
      expect(await send(server, ahead(DAY + HOUR))).toBe('in_future');
      expect(await send(server, '9999-12-31T23:59:59Z')).toBe('in_future');
      expect(await server.countEvents()).toBe(before + 3);
    });

    it('those that were refused are in the log of rejections', async () => {
      const { counts } = (await (await server.get('/analytics/rejections')).json()) as {
        counts: Record<string, number>;
      };
      expect(counts['in_future']).toBe(2 * WAYS.length);
    });

    it('the SQL function has no such bounds', async () => {
      await server.dataSource.query(
        `SELECT record_events(ARRAY['2199-01-01T00:00:00Z']::timestamptz[], ARRAY['far'], ARRAY['click'])`,
      );
      const [row] = await server.dataSource.query<{ count: number }[]>(
        `SELECT count(*)::int AS count FROM events WHERE time > now() + interval '1 year'`,
      );
      expect(row!.count).toBe(1);
    });
  });

  describe.each([
    ['a moment', { oldest: Date.now() - YEAR }],
    ['an age', { maxAgeMs: YEAR }],
    ['both, of which the later counts', { maxAgeMs: YEAR, oldest: 0 }],
  ])('with an oldest one, %s', (_, timestamps) => {
    let server: TestApplication;

    beforeAll(async () => (server = await startApplication({ timestamps })));
    afterAll(() => server.stop());

    it.each(WAYS)('%s may be younger', async (__, send) => {
      const before = await server.countEvents();
      expect(await send(server, ahead(HOUR - YEAR))).toBeUndefined();
      expect(await send(server, ahead(-YEAR - HOUR))).toBe('before_oldest');
      expect(await send(server, '2008-10-21T05:46:37Z')).toBe('before_oldest');
      expect(await server.countEvents()).toBe(before + 1);
    });
  });

  it('may be far ahead where that is configured', async () => {
    const server = await startApplication({ timestamps: { maxFutureMs: YEAR } });
    try {
      for (const [, send] of WAYS) {
        expect(await send(server, ahead(YEAR - HOUR))).toBeUndefined();
        expect(await send(server, ahead(YEAR + HOUR))).toBe('in_future');
      }
    } finally {
      await server.stop();
    }
  });

  it('may be of ten thousand weeks that are past, and make some 200 chunks', async () => {
    const server = await startApplication();
    try {
      const times = weeksSince('0001-01-01T00:00:00Z', 10_000);
      const waiting = times.values();
      const statuses = new Set<string>();
      const sendAll = async (): Promise<void> => {
        for (const time of waiting) {
          const { status, headers } = await server.post(
            `/analytics?user=3&event=click&timestamp=${time}`,
          );
          statuses.add(`${status} ${headers.get('X-Analytics-Rejected')}`);
        }
      };
      await Promise.all(Array.from({ length: 64 }, sendAll));
      expect([...statuses]).toEqual(['204 null']);
      expect(await server.countEvents()).toBe(10_000);
      const chunks = await countChunks(server);
      // Where there are any at all.
      expect(chunks > 0).toBe(onTimescaledb);
      expect(chunks).toBeLessThan(200);
    } finally {
      await server.stop();
    }
  }, 120_000);

  if (onTimescaledb) {
    it('leave the length of new chunks as it was', async () => {
      const server = await startApplication();
      try {
        const send = (time: string) =>
          server.post(`/analytics?user=3&event=click&timestamp=${time}`);
        // One that would be longer ends where the next one begins.
        for (const time of ['2015-05-17T10:05:03Z', '1970-01-01T00:00:00Z', ahead(-2 * YEAR)]) {
          expect((await send(time)).headers.has('X-Analytics-Rejected')).toBe(false);
        }
        const lengths = await server.dataSource.query<{ days: number }[]>(
          `SELECT (extract(epoch FROM range_end - range_start) / 86400)::int AS days
           FROM timescaledb_information.chunks WHERE hypertable_name = 'events' ORDER BY range_start`,
        );
        expect(lengths.map(({ days }) => days)).toEqual([16_562, 182, 28, 7]);
        const dimensions = await server.dataSource.query(
          `SELECT time_interval::text AS length FROM timescaledb_information.dimensions`,
        );
        expect(dimensions).toEqual([{ length: '7 days' }]);
      } finally {
        await server.stop();
      }
    });
  }
});

async function countChunks(server: TestApplication): Promise<number> {
  const [row] = await server.dataSource.query<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM pg_inherits WHERE inhparent = 'events'::regclass`,
  );
  return row!.count;
}

/** Moments of so many different weeks, in no order. */
function weeksSince(first: string, count: number): string[] {
  const from = Date.parse(first);
  const step = Math.floor((Date.now() - from) / count);
  return Array.from({ length: count }, (_, index) =>
    new Date(from + ((index * 7_919) % count) * step).toISOString(),
  );
}

function ahead(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

function json(body: string): RequestInit {
  return { headers: { 'Content-Type': 'application/json' }, body };
}

async function codeOf(response: Response, field: string): Promise<string | undefined> {
  const answer = (await response.json()) as Record<string, { code?: string }[] | undefined>;
  return answer[field]?.[0]?.code;
}
