import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { DataSource } from 'typeorm';
import { createApp } from '../src/create-app.js';
import { openDatabase } from '../src/database/open-database.js';
import { startApplication, type TestApplication } from './support/application.js';
import { eraseUser, isRolledUp, numberOf, sendEvents, tablesHolding } from './support/erasure.js';
import { until } from './support/poll.js';

const OLD = '2026-11-20T10:00:00Z';

describe('erasing while others write', () => {
  let server: TestApplication;
  let other: NestExpressApplication;
  let base: string;
  let dataSource: DataSource;

  beforeEach(async () => {
    server = await startApplication();
    other = await createApp(await openDatabase(server.databaseUrl, () => {}));
    await other.listen(0, '127.0.0.1');
    base = await other.getUrl();
    dataSource = server.dataSource;
  });
  afterEach(async () => {
    await other.close();
    await server.stop();
  });

  async function rows<Row>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return await dataSource.query<Row[]>(sql, values);
  }

  it('no older event is stored by a server that remembers the number', async () => {
    const event = { timestamp: OLD, user: 'remembered', event: 'click' };
    expect(await sendEvents(base, [event])).toEqual([undefined]);
    expect((await eraseUser(server.base, 'remembered')).status).toBe(200);
    // Of a batch the others' are stored.
    const beside = { timestamp: OLD, user: 'beside', event: 'click' };
    const fresh = { user: 'remembered', event: 'click' };
    expect(await sendEvents(base, [event, beside, fresh])).toEqual([
      'erased',
      undefined,
      undefined,
    ]);
    expect(await rows('SELECT FROM events')).toHaveLength(2);
  });

  it('every event that survives is newer, and has a user', async () => {
    const users = ['racer', ...Array.from({ length: 5 }, (_, index) => `by-${index}`)];
    const over = new AbortController();
    let sent = 0;
    const write = async (to: string): Promise<void> => {
      while (!over.signal.aborted) {
        sent += 1;
        await sendEvents(to, [
          ...users.map((user) => ({ timestamp: OLD, user, event: 'click', id: `o-${sent}` })),
          { user: 'racer', event: 'click', id: `n-${sent}` },
        ]);
        await fetch(`${to}/v1/identify`, {
          method: 'POST',
          body: JSON.stringify({ userId: 'racer', anonymousId: 'racer-a', timestamp: OLD }),
        });
      }
    };
    const writers = [server.base, base, base].map(write);
    const erasures: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      const after = sent;
      await until(() => sent > after + 5);
      const { status, body } = await eraseUser(server.base, 'racer');
      expect(status).toBe(200);
      erasures.push(body.erased_before);
    }
    over.abort();
    await Promise.all(writers);
    const [left] = await rows<{ older: number; lost: number; racers: number }>(
      `SELECT count(*) FILTER (WHERE users.id LIKE 'racer%' AND time < $1)::int AS older,
         count(*) FILTER (WHERE users.seq IS NULL)::int AS lost,
         count(DISTINCT users.seq) FILTER (WHERE users.id LIKE 'racer%')::int AS racers
       FROM events LEFT JOIN users ON users.seq = user_seq`,
      [erasures.at(-1)],
    );
    expect(left).toMatchObject({ older: 0, lost: 0 });
    expect(left!.racers).toBeLessThanOrEqual(1);
    // Those beside lost nothing.
    const kept = await rows<{ count: number }>(
      `SELECT count(*)::int AS count FROM events JOIN users ON seq = user_seq
       WHERE users.id LIKE 'by-%'`,
    );
    expect(kept[0]!.count).toBe(sent * 5);
    expect(await rows('SELECT FROM erasures WHERE finished_at IS NULL')).toEqual([]);
    for (const { seq } of await rows<{ seq: number }>(
      'SELECT user_seq AS seq FROM erased_numbers',
    )) {
      expect(await isRolledUp(dataSource, seq)).toBe(false);
    }
  });

  it('two at once erase once', async () => {
    await sendEvents(base, [{ timestamp: OLD, user: 'twice', event: 'click' }]);
    const answers = await Promise.all([
      eraseUser(server.base, 'twice'),
      eraseUser(base, 'twice'),
      eraseUser(server.base, 'twice'),
    ]);
    expect(answers.map(({ status }) => String(status)).toSorted()).toEqual(['200', '404', '404']);
  });

  it('an erasure that was broken off is finished by another process', async () => {
    await sendEvents(base, [{ timestamp: OLD, user: 'broken-off', event: 'click' }]);
    const seq = (await numberOf(dataSource, 'broken-off'))!;
    // As it's left by one that ended right after its transaction, of who has very many events.
    await rows(
      `WITH gone AS (DELETE FROM users WHERE seq = $1), number AS (
         INSERT INTO erased_numbers VALUES ($1)
       ) INSERT INTO erasures (asked_by, user_seqs, analyze_tables, removed)
       VALUES ('admin', ARRAY[$1::integer], '{users}', '{"events": 0}')`,
      [seq],
    );
    await until(
      async () => (await rows('SELECT FROM erasures WHERE finished_at IS NULL')).length === 0,
    );
    expect(await rows('SELECT FROM events')).toEqual([]);
    expect(await isRolledUp(dataSource, seq)).toBe(false);
    const [record] = await rows<{ removed: object }>('SELECT removed FROM erasures');
    expect(record!.removed).toMatchObject({ events: 1, rollup_minutes: 1 });
  });

  it('what a process noted before, and writes after, names nobody', async () => {
    // As an erasure does, while the log of the other process waits for it.
    const runner = dataSource.createQueryRunner();
    await runner.query('BEGIN; LOCK TABLE tombstones IN EXCLUSIVE MODE');
    await fetch(`${base}/analytics?user=noted-before&event=x`, { method: 'POST' });
    await until(async () => (await rows('SELECT FROM pg_locks WHERE NOT granted')).length > 0);
    await runner.query(
      `INSERT INTO tombstones SELECT erasure_hash('known', 'noted-before'), clock_timestamp(),
         clock_timestamp(), clock_timestamp() + interval '1 day'`,
    );
    await runner.query('COMMIT');
    await runner.release();
    await until(async () => (await rows('SELECT FROM rejections')).length > 0);
    expect(await rows('SELECT input FROM rejections')).toEqual([
      { input: '(not kept: a user was erased)' },
    ]);
    // What is noted later is kept as ever.
    await rows(`UPDATE tombstones SET erased_at = erased_at - interval '1 minute'`);
    await fetch(`${base}/analytics?user=noted-after&event=x`, { method: 'POST' });
    await until(async () => (await tablesHolding(dataSource, 'noted-after')).length > 0);
  });
});
