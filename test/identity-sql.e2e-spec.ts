import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { createDatabase, type TestDatabase } from './support/database.js';
import { until } from './support/poll.js';

type Change = Record<string, unknown>;
type Said = [user: string, kind: 'known' | 'anonymous', change: Change];

describe('the SQL functions of identity', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());

  async function connect(): Promise<Client> {
    const client = new Client(database.url);
    await client.connect();
    return client;
  }

  const query = <Row>(sql: string, values: unknown[] = []): Promise<Row[]> =>
    database.dataSource.query<Row[]>(sql, values);

  async function apply(...said: Said[]): Promise<void> {
    await query('SELECT record_profiles($1, $2::user_kind[], $3::jsonb[])', [
      said.map(([id]) => id),
      `{${said.map(([, kind]) => kind).join()}}`,
      said.map(([, , change]) => JSON.stringify({ at: 0, by: 'test', ...change })),
    ]);
  }

  async function user(id: string, kind = 'known') {
    const [row] = await query<{
      seq: number;
      traits: object;
      trait_times: object;
      alias_traits: Record<string, unknown>;
    }>('SELECT seq, traits, trait_times, alias_traits FROM users WHERE id = $1 AND kind = $2', [
      id,
      kind,
    ]);
    return row!;
  }

  it('does at once what would be so one by one, whatever the order of times', async () => {
    for (let round = 0; round < 20; round += 1) {
      const random = generator(round);
      const changes = Array.from({ length: 30 }, () => {
        const keys = ['a', 'b', 'c'].filter(() => random(2) === 0);
        const value = (): unknown => [null, random(3), { x: random(2) }, [random(2)]][random(4)];
        return {
          at: 1_000 + random(5),
          traits: Object.fromEntries(keys.map((key) => [key, value()])),
        };
      });
      const together = `together-${round}`;
      await apply(...changes.map((change): Said => [together, 'known', change]));
      for (const change of changes) await apply([`apart-${round}`, 'known', change]);
      const expected = expectedOf(changes);
      for (const id of [together, `apart-${round}`]) {
        const { traits, trait_times } = await user(id);
        expect({ traits, trait_times }).toEqual(expected);
      }
    }
  });

  it('takes the newest word among aliases, the one merged last where they are equally new', async () => {
    await apply(
      ['a1', 'anonymous', { at: 5, traits: { x: 'a1', y: 'a1', z: 'a1', gone: 'a1' } }],
      ['a2', 'anonymous', { at: 7, traits: { x: 'a2', gone: null } }],
      ['a3', 'anonymous', { at: 5, traits: { z: 'a3', own: 'a3', removed: 'a3' } }],
      ['p', 'known', { at: 1, traits: { own: 'p', removed: null } }],
      ['p', 'known', { anonymous: 'a1' }],
      ['p', 'known', { anonymous: 'a2' }],
      ['p', 'known', { anonymous: 'a3' }],
    );
    expect((await user('p')).alias_traits).toEqual({ x: 'a2', y: 'a1', z: 'a3' });
    await apply(['a1', 'anonymous', { at: 8, traits: { gone: 'back' } }]);
    expect((await user('p')).alias_traits).toEqual({ x: 'a2', y: 'a1', z: 'a3', gone: 'back' });
  });

  it('traits that were set before there were times are older than all', async () => {
    await apply(['old', 'anonymous', {}], ['new', 'anonymous', { at: 0, traits: { x: 2 } }]);
    await query(`UPDATE users SET traits = '{"x":1,"y":1}' WHERE id = 'old'`);
    await apply(['q', 'known', { anonymous: 'new' }], ['q', 'known', { anonymous: 'old' }]);
    expect((await user('q')).alias_traits).toEqual({ x: 2, y: 1 });
  });

  it('bounds what a person has of aliases, and how many of them are looked at', async () => {
    const many = (part: number, value: string): Change => ({
      at: part,
      traits: Object.fromEntries(Array.from({ length: 800 }, (_, k) => [`k-${part}-${k}`, value])),
    });
    await apply(
      ['m1', 'anonymous', many(1, 'x')],
      ['m2', 'anonymous', many(2, 'x')],
      ['m', 'known', { anonymous: 'm1' }],
      ['m', 'known', { anonymous: 'm2' }],
    );
    const keys = Object.keys((await user('m')).alias_traits);
    expect(keys).toHaveLength(1_000);
    expect(keys.filter((key) => key.startsWith('k-2-'))).toHaveLength(800);
    await apply(
      ['l1', 'anonymous', many(1, 'x'.repeat(100))],
      ['l2', 'anonymous', many(2, 'x'.repeat(100))],
      ['l', 'known', { anonymous: 'l1' }],
      ['l', 'known', { anonymous: 'l2' }],
    );
    const { alias_traits } = await user('l');
    expect(JSON.stringify(alias_traits).length).toBeLessThan(140_000);
    expect(Object.keys(alias_traits)).toContain('k-2-0');
    const aliases = Array.from({ length: 1_001 }, (_, index) => `n-${index}`);
    await apply(
      ...aliases.map((id): Said => [id, 'anonymous', { traits: { [id]: 1 } }]),
      ...aliases.map((id): Said => ['n', 'known', { anonymous: id }]),
    );
    const last = (await user('n')).alias_traits;
    expect(Object.keys(last)).toHaveLength(1_000);
    expect(last).not.toHaveProperty('n-0');
  });

  it('refuses more than 1,000 traits or 128 KB of a user or a group, and nothing is changed', async () => {
    const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, key) => [`k${key}`, null]));
    const large = { a: 'x'.repeat(131_072) };
    const longKeys = Object.fromEntries(
      Array.from({ length: 9 }, (_, key) => [`${key}`.padEnd(30_000, 'k'), null]),
    );
    for (const traits of [many, large, longKeys]) {
      for (const change of [{ traits }, { group: 'g', group_traits: traits }]) {
        await expect(apply(['limit', 'known', { ...change, at: 1 }])).rejects.toMatchObject({
          constraint: 'traits_limit',
          code: '22023',
        });
      }
    }
    expect(await query(`SELECT FROM users WHERE id = 'limit'`)).toEqual([]);
    expect(await query('SELECT FROM groups')).toEqual([]);
  });

  it('groups have traits as users have, and members since they were first told of', async () => {
    await apply(
      ['g-1', 'known', { at: 5_000, group: 'acme', group_traits: { size: 5, city: 'Rome' } }],
      ['g-2', 'known', { at: 4_000, group: 'acme', group_traits: { size: 4, tax: 1 } }],
      ['g-1', 'known', { at: 3_000, group: 'acme' }],
      ['g-1', 'known', { at: 6_000, group: 'acme', group_traits: { city: null } }],
    );
    const groups = await query(`SELECT traits, trait_times FROM groups WHERE id = 'acme'`);
    expect(groups).toEqual([
      { traits: { size: 5, tax: 1 }, trait_times: { size: 5_000, city: 6_000, tax: 4_000 } },
    ]);
    const members = await query(
      `SELECT users.id, since FROM memberships JOIN users ON seq = user_seq ORDER BY 1`,
    );
    expect(members).toEqual([
      { id: 'g-1', since: new Date(3_000) },
      { id: 'g-2', since: new Date(4_000) },
    ]);
  });

  it('of a previous id the anonymous user is meant where there is one', async () => {
    await apply(
      ['both', 'anonymous', {}],
      ['both', 'known', {}],
      ['one', 'known', {}],
      ['v', 'known', { previous: 'both' }],
      ['v', 'known', { previous: 'one' }],
      ['v', 'known', { previous: 'nobody yet' }],
      ['w', 'known', { anonymous: 'nobody yet' }],
    );
    const merges = await query(
      `SELECT anonymous.id, kind FROM merges JOIN users AS anonymous ON seq = anonymous_seq
       WHERE known_seq = (SELECT seq FROM users WHERE id = 'v') ORDER BY merges.id`,
    );
    expect(merges).toEqual([
      { id: 'both', kind: 'anonymous' },
      { id: 'nobody yet', kind: 'anonymous' },
    ]);
    const refusals = await query('SELECT reason FROM merge_refusals ORDER BY last_at');
    expect(refusals).toEqual([{ reason: 'both_known' }, { reason: 'belongs_to_another' }]);
  });

  it('what changes in a transaction has one version, and later ones a later one', async () => {
    const version = async (): Promise<number> => {
      const [row] = await query<{ version: string }>('SELECT version FROM merges_version');
      return Number(row!.version);
    };
    const before = await version();
    const ids = Array.from({ length: 50 }, (_, index) => `version-${index}`);
    await apply(...ids.map((id): Said => ['version', 'known', { anonymous: id }]));
    expect(await version()).toBe(before + 1);
    const [merge] = await query<{ id: number; version: string }>(
      'SELECT id, version FROM merges ORDER BY id DESC LIMIT 1',
    );
    expect(Number(merge!.version)).toBe(before + 1);
    await query(`SELECT undo_merge($1, 'test')`, [merge!.id]);
    const [undone] = await query<{ version: string }>('SELECT version FROM merges WHERE id = $1', [
      merge!.id,
    ]);
    expect(Number(undone!.version)).toBe(before + 2);
    await query(`SELECT undo_merge($1, 'test')`, [merge!.id]);
    expect(await version()).toBe(before + 2);
  });

  it('who waits for the lock holds no user that its holder creates', async () => {
    const [one, other] = await Promise.all([connect(), connect()]);
    try {
      await one.query('BEGIN; SELECT FROM merges_version FOR UPDATE');
      const waiting = other.query(
        `SELECT record_profiles('{shared,z}', '{anonymous,known}', ARRAY['{}','{}']::jsonb[])`,
      );
      await until(async () => {
        const [row] = await query<{ count: number }>(
          `SELECT count(*)::int AS count FROM pg_stat_activity
           WHERE wait_event_type = 'Lock' AND query LIKE '%record_profiles%'
             AND datname = current_database() AND pid <> pg_backend_pid()`,
        );
        return row!.count === 1;
      });
      await one.query(
        `SELECT apply_identities(resolve_users('{holder}'),
           ARRAY['{"anonymous":"shared","at":1,"by":"test"}']::jsonb[])`,
      );
      await one.query('COMMIT');
      await waiting;
    } finally {
      await Promise.all([one.end(), other.end()]);
    }
    expect(await user('shared', 'anonymous')).toBeDefined();
  });
});

/** @returns whole numbers below a limit, the same ones for the same seed */
function generator(seed: number): (limit: number) => number {
  let state = seed + 1;
  return (limit) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
}

/** One by one: of each key the newest counts, of equally new ones the last. */
function expectedOf(changes: { at: number; traits: Record<string, unknown> }[]) {
  const traits: Record<string, unknown> = {};
  const trait_times: Record<string, number> = {};
  for (const { at, traits: given } of changes) {
    for (const [key, value] of Object.entries(given)) {
      if ((trait_times[key] ?? at) > at) continue;
      trait_times[key] = at;
      traits[key] = value;
    }
  }
  const kept = Object.entries(traits).filter(([, value]) => value !== null);
  return { traits: Object.fromEntries(kept), trait_times };
}
