import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AnalyticsOptions } from '../src/analytics/analytics.module.js';
import type { ImportResultDto } from '../src/ingest/import/import.dto.js';
import { startApplication, type TestApplication } from './support/application.js';
import { bringDatabaseBack, takeDatabaseAway } from './support/database.js';
import { until } from './support/poll.js';

const LINES = 6_000;
const ROWS = Array.from({ length: LINES }, (_, index) => `${1_224_567_000 + index},u,click\n`);
const HEADER = 'timestamp,user,event\n';

describe('an import while the database goes away', () => {
  const spool = mkdtempSync(join(tmpdir(), 'user-analytics-spool-'));
  let server: TestApplication;

  afterEach(async () => {
    await server.stop();
    rmSync(spool, { recursive: true, force: true });
  });

  function send(body: RequestInit['body'] | ReadableStream): Promise<Response> {
    return server.post('/analytics/import', {
      headers: { 'Content-Type': 'text/csv' },
      body,
      duplex: 'half',
    } as RequestInit);
  }

  /** Half of it, and the rest when the database is away. */
  async function sendThrough(options?: AnalyticsOptions): Promise<Response> {
    server = await startApplication(options);
    let go: () => void = () => {};
    const gone = new Promise<void>((resolve) => {
      go = resolve;
    });
    const half = LINES / 2;
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(Buffer.from(HEADER + ROWS.slice(0, half).join('')));
        await gone;
        controller.enqueue(Buffer.from(ROWS.slice(half).join('')));
        controller.close();
      },
    });
    const sent = send(body);
    await until(async () => (await server.countEvents()) >= half - 1_000);
    await takeDatabaseAway(server.databaseUrl);
    go();
    return await sent;
  }

  it('is 202: what the spool took is stored when the database is back', async () => {
    const response = await sendThrough();
    expect(response.status).toBe(202);
    const result = (await response.json()) as ImportResultDto;
    expect(result).toMatchObject({ lines: LINES, rejected: 0, receipts: [] });
    expect(result.accepted).toBeGreaterThanOrEqual(LINES / 2);
    expect(result.stored + result.accepted!).toBe(LINES);
    await bringDatabaseBack(server.databaseUrl);
    await until(async () => (await server.countEvents()) === LINES);
  });

  it.each([
    ['without a spool', {}, 'unavailable'],
    ['with a full one', { spool: { directory: spool, maxBytes: 20_000 } }, 'spool_unavailable'],
  ])('%s is 503 with what was stored, and harmless to repeat', async (_, options, code) => {
    const response = await sendThrough(options);
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
    const result = (await response.json()) as ImportResultDto;
    expect(result).toMatchObject({ code, rejected: 0, receipts: [] });
    expect(result.stored).toBeGreaterThanOrEqual(LINES / 2 - 1_000);
    expect(result.lines).toBe(result.stored + (result.accepted ?? 0));
    await bringDatabaseBack(server.databaseUrl);
    let again: ImportResultDto | undefined;
    await until(async () => {
      const answer = await send(HEADER + ROWS.join(''));
      if (answer.status === 200) again = (await answer.json()) as ImportResultDto;
      return answer.status === 200;
    });
    expect(again).toMatchObject({ lines: LINES });
    expect(again!.duplicates).toBeGreaterThanOrEqual(result.stored);
    expect(await server.countEvents()).toBe(LINES);
  });
});
