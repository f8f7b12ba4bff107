import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { ROLLUP_LOCKS } from '../../src/rollup/locks.js';
import { eraseUser, filesHolding, sendEvents, tablesHolding } from '../support/erasure.js';
import { until } from '../support/poll.js';
import { databaseUrl, query, Workplace } from '../support/program.js';

const OLD = '2026-11-20T10:00:00Z';
const DAY = Date.parse(OLD) / 86_400_000;
const ID = 'unique-person "ä"/81@example.com';

describe('erasing a person from a server', () => {
  let place: Workplace;

  beforeEach(() => {
    place = new Workplace();
  });
  afterEach(() => place.clear());

  it('that is killed in the middle is finished at its next start, and leaves no trace', async () => {
    let server = await place.startReady({ env: { ERASURE_DAYS: '7' } });
    const event = { timestamp: OLD, user: ID, event: 'click', id: 'c-1' };
    await sendEvents(server.url, [event, { timestamp: OLD, user: 'beside', event: 'click' }]);
    await fetch(`${server.url}/analytics?event=x&user=${encodeURIComponent(ID)}`, {
      method: 'POST',
    });
    // Its last part waits for the lock of the day.
    const holder = new Client(databaseUrl(place.dataDir()));
    await holder.connect();
    await holder.query('SELECT pg_advisory_lock($1, $2)', [ROLLUP_LOCKS, Math.floor(DAY)]);
    const asked = eraseUser(server.url, ID).catch(() => 'broken off');
    await until(async () => {
      const { rows } = await holder.query('SELECT FROM erasures WHERE finished_at IS NULL');
      return rows.length === 1;
    });
    let output = server.output;
    await server.stop('SIGKILL');
    expect(await asked).toBe('broken off');
    await holder.end().catch(() => {});

    server = await place.startReady({ env: { ERASURE_DAYS: '7' } });
    await until(
      async () =>
        (await query(place.dataDir(), 'SELECT FROM erasures WHERE finished_at IS NULL')).length ===
        0,
    );
    expect(await sendEvents(server.url, [event])).toEqual(['erased']);
    expect((await eraseUser(server.url, ID)).status).toBe(404);
    expect(await sendEvents(server.url, [event])).toEqual(['erased']);
    const dataSource = await new DataSource({
      type: 'postgres',
      url: databaseUrl(place.dataDir()),
    }).initialize();
    expect(await tablesHolding(dataSource, ID)).toEqual([]);
    const [kept] = await dataSource.query<{ events: number; days: number }[]>(
      `SELECT (SELECT count(*)::int FROM events) AS events,
         extract(day FROM max(expires_at - erased_at))::int AS days FROM tombstones`,
    );
    expect(kept).toEqual({ events: 1, days: 7 });
    await dataSource.destroy();
    output += server.output;
    expect(await server.stop()).toBe(0);
    expect(output).not.toContain('unique-person');
    expect(output).not.toContain('    at ');
    // Of the cluster PostgreSQL's own files are: what was deleted lies in them until it's vacuumed.
    expect(filesHolding(place.dataDir(), ID, ['postgres'])).toEqual([]);
  });
});
