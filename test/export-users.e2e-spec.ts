import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { runImport } from '../src/ingest/import/import.command.js';
import { Analyst, type Recorded } from './support/analyst.js';

const SAME = '018f0000-0000-7000-8000-000000000001';
const RANGE = { date_range: ['2026-03-01', '2026-03-04'] };
const QUERIES = [
  { metrics: ['unique_users', 'events', 'new_users'], dimensions: ['time:day', 'event'], ...RANGE },
  { metrics: ['unique_users', 'events'], dimensions: ['property:n'], ...RANGE },
];

const EVENTS: Recorded[] = [
  // Of the same time and id, by two who share theirs.
  { time: '2026-03-01T10:00:00Z', user: 'ada', id: SAME, properties: { n: 1 } },
  { time: '2026-03-01T10:00:00Z', user: 'ada', id: SAME, kind: 'anonymous' },
  { time: '2026-03-01T10:00:00Z', user: 'bob', id: SAME, kind: 'anonymous' },
  { time: '2026-03-02T10:00:00Z', user: 'true', kind: 'anonymous', event: 'impression' },
  { time: '2026-03-02T11:00:00Z', user: 'a "b", c', kind: 'anonymous' },
  { time: '2026-03-02T11:00:00Z', user: 'true', properties: { n: 2 } },
  { time: '2026-03-03T11:00:00Z', user: 'phone', kind: 'anonymous' },
  { time: '2026-03-01T12:00:00Z', user: 'crawler', bot: true, properties: { n: 1 } },
];

describe('raw events of anonymous users', () => {
  let analyst: Analyst;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'user-analytics-export-'));
    analyst = await Analyst.start();
    await analyst.record(EVENTS);
  });
  afterAll(async () => {
    await analyst.stop();
    rmSync(folder, { recursive: true });
  });

  const exported = async (server = analyst, query = ''): Promise<string> =>
    (await server.server.get(`/analytics/export${query}`)).text();

  async function importFile(name: string, content: string, target: Analyst): Promise<void> {
    const path = join(folder, name);
    writeFileSync(path, content);
    const output = new PassThrough();
    const code = await runImport([path], {
      stdin: Readable.from([]),
      stdout: output,
      stderr: output,
      localUrl: target.server.base,
      analyticsUrl: target.server.base,
      openDirectSink: () => Promise.reject(new Error('not without a server')),
      signal: new AbortController().signal,
    });
    output.end();
    expect({ code, output: await text(output) }).toMatchObject({ code: 0 });
  }

  it.each([
    [
      'the batch endpoint',
      async (target: Analyst): Promise<void> => {
        const response = await target.server.post('/analytics/batch', {
          headers: { 'Content-Type': 'application/x-ndjson' },
          body: await exported(),
        });
        expect(await response.json()).toMatchObject({ stored: EVENTS.length, rejected: 0 });
      },
    ],
    [
      'an import of lines of JSON',
      async (target: Analyst): Promise<void> =>
        importFile('events.ndjson', await exported(), target),
    ],
    [
      'an import of CSV',
      async (target: Analyst): Promise<void> =>
        importFile('events.csv', await exported(analyst, '?format=csv'), target),
    ],
  ])('come into another database as such, by %s', async (_, bring) => {
    const other = await Analyst.start();
    try {
      await bring(other);
      expect(await exported(other)).toBe(await exported());
      for (const query of QUERIES) {
        expect((await other.ask(query)).results).toEqual((await analyst.ask(query)).results);
      }
      expect((await other.ask(QUERIES[0]!)).totals).toEqual({
        unique_users: 7,
        events: 7,
        new_users: 7,
      });
    } finally {
      await other.stop();
    }
  });

  it('are told from those of known ones, and say whose they are by now', async () => {
    await analyst.merge('phone', 'ada');
    const { results } = await analyst.get('events?limit=2');
    expect(results[0]).toMatchObject({ user: 'phone', anonymous: true, person: 'ada', bot: false });
    expect(Object.keys(results[1]!)).not.toContain('person');
    const csv = await (await analyst.server.get('/analytics/events?format=csv')).text();
    expect(parse<object>(csv, { columns: true })[0]).toMatchObject({
      user: 'phone',
      anonymous: 'true',
      person: 'ada',
    });
    // Whose they are isn't exported: it's read from the merges, not from events.
    expect(await exported()).not.toContain('person');
    expect(JSON.parse((await exported()).trimEnd().split('\n').at(-1)!)).toMatchObject({
      user: 'phone',
      anonymous: true,
    });
  });

  it('go on after a line that is given as JSON, be its user of either kind', async () => {
    const lines = (await exported()).trimEnd().split('\n');
    for (const [place, line] of lines.entries()) {
      const rest = await exported(analyst, `?cursor=${encodeURIComponent(line)}`);
      expect(rest.split('\n').filter(Boolean)).toEqual(lines.slice(place + 1));
    }
    const { timestamp, id } = JSON.parse(lines.at(-1)!) as Record<string, string>;
    const nobodys = JSON.stringify({ timestamp, id, user: null, anonymous: null });
    const response = await analyst.server.get(
      `/analytics/export?cursor=${encodeURIComponent(nobodys)}`,
    );
    expect(response.status).toBe(200);
  });

  it.each(['{', '{}', '{"timestamp":1,"id":"x"}', `{"timestamp":"x","id":"${SAME}"}`])(
    'the cursor %s is refused',
    async (cursor) => {
      const path = `/analytics/export?cursor=${encodeURIComponent(cursor)}`;
      expect(await (await analyst.server.get(path)).json()).toMatchObject({
        statusCode: 400,
        path: 'cursor',
      });
    },
  );
});
