import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { daysWithAnything } from '../src/rollup/days.js';
import { fold } from '../src/rollup/fold.js';
import { ALL_NAMES, type Grain } from '../src/rollup/grains.js';
import { moveHorizon } from '../src/rollup/horizon.js';
import { readHorizons } from '../src/rollup/horizons.js';
import { rebuildMinutes } from '../src/rollup/rebuild.js';
import { cutByEvents } from '../src/rollup/raw-minutes.js';
import { readRange } from '../src/rollup/rollup-rows.js';
import { verifyMinutes } from '../src/rollup/verify.js';
import { createDatabase, type TestDatabase } from './support/database.js';

const MINUTE = Date.parse('2026-03-01T10:20:00Z') / 60_000;
const EVERYTHING: [number, number] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];

const dayStart = (day: string): number => Date.parse(`${day}T00:00:00Z`) / 60_000;

describe('rollups', () => {
  let database: TestDatabase;
  let client: Client;

  beforeAll(async () => {
    database = await createDatabase();
    client = new Client(database.url);
    await client.connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });
  beforeEach(() => client.query('TRUNCATE events'));

  async function record(minute: number, users: (string | null)[], name = 'click'): Promise<void> {
    const time = new Date(minute * 60_000 + 500).toISOString();
    await client.query(
      `SELECT record_events(array_fill($1::timestamptz, ARRAY[cardinality($2::text[])]), $2,
         array_fill($3::text, ARRAY[cardinality($2)]))`,
      [time, users, name],
    );
  }

  /** Events and users of the bucket that a minute lies in, of all names. */
  async function figures(grain: Grain, minute = MINUTE): Promise<[number, number] | undefined> {
    const bucket = Math.floor(minute / grain) * grain;
    const rows = await readRange(client, grain, bucket, bucket + grain);
    const all = rows.find(({ nameId }) => nameId === ALL_NAMES);
    return all && [all.events, all.users.size];
  }

  async function count(table: string): Promise<number> {
    const { rows } = await client.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${table}`,
    );
    return rows[0]!.count;
  }

  it('adds up minutes, quarters, hours and days', async () => {
    await record(MINUTE, ['a', 'b', 'a', null]);
    await record(MINUTE + 1, ['b', 'c'], 'impression');
    await record(MINUTE + 20, ['d']);
    await fold(client);
    expect(await figures(1)).toEqual([4, 2]);
    expect(await figures(15)).toEqual([6, 3]);
    expect(await figures(60)).toEqual([7, 4]);
    expect(await figures(1440)).toEqual([7, 4]);
    // What is written later joins it.
    await record(MINUTE, ['e', 'a']);
    await fold(client);
    expect(await figures(1)).toEqual([6, 3]);
    expect(await figures(1440)).toEqual([9, 5]);
    expect(await count('rollup_deltas')).toBe(0);
    expect(await verifyMinutes(client, MINUTE - 2_000, MINUTE + 2_000)).toEqual([]);
  });

  it('counts what is really stored: a duplicate and a chunk that is made count for nothing', async () => {
    for (const _ of [1, 2]) {
      await client.query(
        `INSERT INTO events (time, id, user_seq, name_id) VALUES
           ($1, '00000000-0000-0000-0000-000000000001', 1, 1), ($1, gen_random_uuid(), 0, 0)
         ON CONFLICT DO NOTHING`,
        [new Date(MINUTE * 60_000).toISOString()],
      );
    }
    await fold(client);
    expect(await figures(60)).toEqual([1, 1]);
  });

  it('reads minutes anew whose events are removed or changed', async () => {
    await record(MINUTE, ['a', 'b']);
    await record(MINUTE + 1, ['a']);
    await fold(client);
    await client.query(
      'DELETE FROM events WHERE user_seq = (SELECT seq FROM users WHERE id = $1)',
      ['a'],
    );
    expect(await fold(client)).toMatchObject({ repaired: 2 });
    expect(await figures(1)).toEqual([1, 1]);
    expect(await figures(1, MINUTE + 1)).toBeUndefined();
    expect(await figures(1440)).toEqual([1, 1]);
    await client.query(`UPDATE events SET time = time + interval '1 hour'`);
    await fold(client);
    expect(await figures(60)).toBeUndefined();
    expect(await figures(60, MINUTE + 60)).toEqual([1, 1]);
    expect(await figures(1440)).toEqual([1, 1]);
  });

  it('is empty when the events are', async () => {
    await record(MINUTE, ['a']);
    await fold(client);
    await record(MINUTE, ['b']);
    await client.query('TRUNCATE events');
    expect(await count('rollups')).toBe(0);
    expect(await count('rollup_deltas')).toBe(0);
  });

  it('lets many fold at once', async () => {
    const others = Array.from({ length: 4 }, () => new Client(database.url));
    await Promise.all(others.map((other) => other.connect()));
    for (let round = 0; round < 5; round += 1) {
      for (let day = 0; day < 4; day += 1) await record(MINUTE + 1440 * day, [`u${round}`, 'v']);
      await Promise.all(others.map((other) => fold(other)));
    }
    await fold(client);
    for (let day = 0; day < 4; day += 1)
      expect(await figures(1440, MINUTE + 1440 * day)).toEqual([10, 6]);
    await Promise.all(others.map((other) => other.end()));
  });

  it('finds what was tampered with, and rebuilds it', async () => {
    await record(MINUTE, ['a', 'b']);
    await record(MINUTE + 1, ['c']);
    await fold(client);
    await client.query(
      `UPDATE rollups SET events = events + 1 WHERE grain = 1 AND name_id = 0 AND bucket = $1`,
      [new Date(MINUTE * 60_000).toISOString()],
    );
    await client.query(`DELETE FROM rollups WHERE grain = 60`);
    const found = await verifyMinutes(client, MINUTE - 1_440, MINUTE + 1_440);
    expect(found.map(({ grain }) => grain).toSorted((a, b) => a - b)).toEqual([
      1, 15, 60, 60, 1440, 1440,
    ]);
    await rebuildMinutes(client, MINUTE, MINUTE + 2);
    expect(await verifyMinutes(client, MINUTE - 1_440, MINUTE + 1_440)).toEqual([]);
    expect(await figures(1440)).toEqual([3, 3]);
  });

  it('finds a wrong user_count, other users as many, and a set that is none', async () => {
    await record(MINUTE, ['a', 'b']);
    await record(MINUTE + 60, ['a', 'c']);
    await fold(client);
    const flaws = async (): Promise<(string | undefined)[]> => {
      const found = await verifyMinutes(client, MINUTE - 1_440, MINUTE + 1_440);
      return found.map(({ grain, flaw }) => flaw && `${grain}: ${flaw}`);
    };
    const allNames = 'WHERE name_id = 0 AND grain';
    await client.query(`UPDATE rollups SET user_count = 7 ${allNames} = 1440`);
    expect(await flaws()).toEqual(['1440: user_count is 7']);
    await client.query(
      `UPDATE rollups SET users = other.users FROM rollups AS other
       WHERE rollups.grain = 60 AND rollups.name_id = 0 AND other.grain = 60
         AND other.name_id = 0 AND other.bucket <> rollups.bucket`,
    );
    expect((await flaws()).slice(0, 2)).toEqual(['60: other users', '60: other users']);
    await client.query(`UPDATE rollups SET users = '\\x01' ${allNames} = 15`);
    expect(await flaws()).toContain("15: its set of users can't be read");
    await rebuildMinutes(client, MINUTE - 600, MINUTE + 600);
    expect(await flaws()).toEqual([]);
  });

  it("finds a wrong number of nobody's events, folded or waiting, and rebuilds it", async () => {
    await record(MINUTE, ['a', null, null]);
    await record(MINUTE + 1, ['a', null], 'impression');
    await fold(client);
    const found = async (): Promise<unknown[]> => {
      const differences = await verifyMinutes(client, MINUTE - 1_440, MINUTE + 1_440);
      return differences.map(({ grain, expected, found: there }) => [
        grain,
        expected.nobody,
        there.nobody,
      ]);
    };
    expect(await found()).toEqual([]);
    await client.query('UPDATE rollups SET nobody = nobody + 1 WHERE grain = 60 AND name_id = 0');
    expect(await found()).toEqual([
      [60, 3, 4],
      [1440, 4, 3],
    ]);
    await record(MINUTE, [null]);
    await client.query('UPDATE rollup_deltas SET nobody = 0');
    expect((await found()).slice(0, 2)).toEqual([
      [1, 3, 2],
      [1, 3, 2],
    ]);
    await rebuildMinutes(client, MINUTE, MINUTE + 2);
    expect(await found()).toEqual([]);
    const days = await readRange(client, 1440, dayStart('2026-03-01'), dayStart('2026-03-02'));
    const byName = Object.fromEntries(days.map(({ nameId, nobody }) => [nameId, nobody]));
    expect(byName).toEqual({ 0: 4, 1: 3, 2: 1 });
  });

  it('knows the days that hold anything, whatever lies between', async () => {
    expect(await daysWithAnything(client, ...EVERYTHING)).toEqual([]);
    const [first, last] = [dayStart('0001-01-01'), dayStart('9999-12-31')];
    for (const minute of [first, MINUTE, MINUTE + 3 * 1440, last + 1439])
      await record(minute, ['a']);
    const day = Math.floor(MINUTE / 1440);
    const days = [first / 1440, day, day + 3, last / 1440];
    expect(await daysWithAnything(client, ...EVERYTHING)).toEqual(days);
    await fold(client);
    await client.query('DELETE FROM rollups WHERE grain > 1');
    expect(await daysWithAnything(client, MINUTE + 1, last + 1439)).toEqual([day + 3]);
    await client.query('DELETE FROM events');
    expect(await daysWithAnything(client, ...EVERYTHING)).toEqual(days);
  });

  it('cuts a day into pieces that fit into memory', async () => {
    const cut = (): Promise<[number, number][]> =>
      cutByEvents(client, MINUTE - 100, MINUTE + 100, 4);
    expect(await cut()).toEqual([[MINUTE - 100, MINUTE + 100]]);
    for (const minute of [MINUTE, MINUTE + 1, MINUTE + 2]) await record(minute, ['a', 'b', 'c']);
    await record(MINUTE + 3, ['a']);
    await record(MINUTE + 9, ['a', 'b', 'c', 'd', 'e']);
    expect(await cut()).toEqual([
      [MINUTE - 100, MINUTE + 1],
      [MINUTE + 1, MINUTE + 2],
      [MINUTE + 2, MINUTE + 9],
      [MINUTE + 9, MINUTE + 100],
    ]);
  });

  it('finds all days in one pass, in a zone whose days have 23 or 25 hours', async () => {
    await client.query(`SET timezone = 'Europe/Berlin'`);
    // Clocks are put back on the 25th, so that a day of the zone ends an hour late.
    for (const day of ['2026-10-24', '2026-10-25', '2026-10-26', '2026-10-27']) {
      await record(dayStart(day) + 30, ['a']);
    }
    expect(await fold(client)).toMatchObject({ deltas: 4 });
    expect(await count('rollup_deltas')).toBe(0);
    await client.query('RESET timezone');
  });

  it('keeps only milliseconds', async () => {
    await expect(
      client.query(
        `INSERT INTO events (time, id, user_seq, name_id)
         VALUES ('2026-01-01T00:00:00.000500Z', gen_random_uuid(), 1, 1)`,
      ),
    ).rejects.toMatchObject({ constraint: 'events_time_milliseconds' });
  });

  it('folds names that are made up by the thousand, in little time', async () => {
    const names = Array.from({ length: 30_000 }, (_, index) => `made-up-${index}`);
    await client.query(
      `SELECT record_events(array_fill($1::timestamptz, ARRAY[$2::int]),
         array_fill('flood'::text, ARRAY[$2]), $3)`,
      [new Date(MINUTE * 60_000).toISOString(), names.length, names],
    );
    const begun = performance.now();
    await fold(client);
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(await figures(1)).toEqual([30_000, 1]);
    expect(await count('rollup_names')).toBeLessThanOrEqual(1_002);
  });

  it('waits with the horizon for whoever removes events below it', async () => {
    await record(MINUTE, ['a']);
    const other = new Client(database.url);
    await other.connect();
    await other.query('BEGIN');
    await other.query('DELETE FROM events');
    await expect(moveHorizon(client, MINUTE + 1)).rejects.toMatchObject({ code: '55P03' });
    await other.query('ROLLBACK');
    await other.end();
  });

  // The last one: the horizon never moves back.
  it('takes no event below the horizon, and keeps what was counted there', async () => {
    await record(MINUTE, ['a']);
    await record(MINUTE + 2, ['b']);
    expect((await readHorizons(client)).earliest).toBe(Number.NEGATIVE_INFINITY);
    await moveHorizon(client, MINUTE + 1);
    await moveHorizon(client, MINUTE - 5);
    expect((await readHorizons(client)).earliest).toBe(MINUTE + 1);
    await expect(record(MINUTE, ['c'])).rejects.toMatchObject({
      constraint: 'events_above_horizon',
    });
    await client.query('DELETE FROM events WHERE time < $1', [
      new Date((MINUTE + 1) * 60_000).toISOString(),
    ]);
    await record(MINUTE + 2, ['d']);
    await client.query(
      'DELETE FROM events WHERE user_seq = (SELECT seq FROM users WHERE id = $1)',
      ['b'],
    );
    await fold(client);
    expect(await figures(15)).toEqual([2, 2]);
    expect(await figures(1)).toEqual([1, 1]);
    await expect(rebuildMinutes(client, MINUTE, MINUTE + 3)).rejects.toThrow('no longer kept');
    await expect(verifyMinutes(client, MINUTE, MINUTE + 3)).rejects.toThrow('no longer kept');
    expect(await verifyMinutes(client, MINUTE + 1, MINUTE + 3)).toEqual([]);
  });
});
