import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { migrations } from '../migrations/index.js';
import { dataSourceOptions } from '../src/database/data-source-options.js';
import { openDatabase } from '../src/database/open-database.js';
import { createDatabase, createEmptyDatabase, type TestDatabase } from './support/database.js';

/** Tables, functions and types of ours that are in the database. */
const OURS = `
  SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace
    AND relkind IN ('r', 'S', 'v')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_class.oid AND deptype = 'e')
  UNION ALL
  SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
  UNION ALL
  SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace AND typtype = 'e'
  ORDER BY 1`;

describe('the migrations', () => {
  let database: { url: string; drop(): Promise<void> };

  beforeEach(async () => {
    database = await createEmptyDatabase();
  });
  afterEach(() => database.drop());

  it('build what the entities describe', async () => {
    const dataSource = await openDatabase(database.url, () => {});
    const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
    await dataSource.destroy();
  });

  it('go down to nothing, and up again', async () => {
    const dataSource = await new DataSource(dataSourceOptions(database.url)).initialize();
    await dataSource.runMigrations();
    const built = await dataSource.query<{ name: string }[]>(OURS);
    expect(built.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['users', 'merges', 'event_names', 'sources', 'events', 'rejections']),
    );
    while ((await dataSource.query<unknown[]>('SELECT FROM analytics_migrations')).length > 0) {
      await dataSource.undoLastMigration();
    }
    const left = await dataSource.query<{ name: string }[]>(OURS);
    expect(left.filter(({ name }) => !name.startsWith('analytics_migrations'))).toEqual([]);
    await dataSource.runMigrations();
    expect(await dataSource.query(OURS)).toEqual(built);
    await dataSource.destroy();
  });

  it('are run once by servers that start together', async () => {
    const servers = await Promise.all([1, 2, 3].map(() => openDatabase(database.url, () => {})));
    const rows = await servers[0]!.query<unknown[]>('SELECT FROM analytics_migrations');
    expect(rows).toHaveLength(migrations.length);
    await Promise.all(servers.map((server) => server.destroy()));
  });

  it('work in a schema of their own', async () => {
    const admin = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    await admin.query('CREATE SCHEMA stats');
    await admin.query(
      `ALTER DATABASE ${new URL(database.url).pathname.slice(1)} SET search_path = stats, public`,
    );
    await admin.destroy();
    const dataSource = await openDatabase(database.url, () => {});
    await dataSource.query('SET search_path = public');
    const rows = await dataSource.query<unknown[]>(
      `SELECT * FROM stats.record_events(ARRAY[now()], ARRAY['u'], ARRAY['click'])`,
    );
    expect(rows).toHaveLength(1);
    await dataSource.destroy();
  });

  it('need no right to create a schema that is there, whatever its name', async () => {
    const admin = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    const role = `limited_${randomUUID().replaceAll('-', '')}`;
    await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'secret'`);
    const url = new URL(database.url);
    Object.assign(url, { username: role, password: 'secret' });
    const open = () => openDatabase(url.href, () => {}, undefined, { schema: 'user' });
    await expect(open()).rejects.toThrow("There is no schema user, and it can't be created");
    await admin.query(`CREATE SCHEMA "user" AUTHORIZATION ${role}`);
    const dataSource = await open();
    await dataSource.query(`SELECT FROM record_events(ARRAY[now()], ARRAY['u'], ARRAY['click'])`);
    expect(await admin.query('SELECT count(*)::integer AS count FROM "user".events')).toEqual([
      { count: 1 },
    ]);
    await dataSource.destroy();
    await admin.query(`DROP OWNED BY ${role} CASCADE`);
    await admin.query(`DROP ROLE ${role}`);
    await admin.destroy();
  });

  it('build a schema beside another without looking at it, and take it down alone', async () => {
    const first = await openDatabase(database.url, () => {});
    const built = await first.query<{ name: string }[]>(OURS);
    const second = await openDatabase(database.url, () => {}, undefined, { schema: 'books' });
    await second.query(`SELECT FROM record_events(ARRAY[now()], ARRAY['u'], ARRAY['click'])`);
    const count = async (schema: string): Promise<unknown> =>
      (
        await first.query<{ count: number }[]>(
          `SELECT count(*)::integer AS count FROM ${schema}.events`,
        )
      )[0]!.count;
    expect([await count('public'), await count('books')]).toEqual([0, 1]);
    while ((await second.query<unknown[]>('SELECT FROM analytics_migrations')).length > 0) {
      await second.undoLastMigration();
    }
    expect(await first.query(OURS)).toEqual(built);
    await Promise.all([first.destroy(), second.destroy()]);
  });
});

describe('record_events', () => {
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());
  beforeEach(() => database.dataSource.query('TRUNCATE events'));

  const CALL = `
    SELECT status FROM record_events(
      array_fill($1::timestamptz, ARRAY[cardinality($2::text[])]), $2::text[],
      array_fill('click'::text, ARRAY[cardinality($2::text[])]))`;

  async function single<T>(query: string): Promise<T> {
    const [row] = await database.dataSource.query<{ value: T }[]>(query);
    return row!.value;
  }

  it('stores for 20 writers who meet the same new users in both orders', async () => {
    const writers = await new DataSource({
      ...dataSourceOptions(database.url),
      poolSize: 20,
    }).initialize();
    const BATCHES = 10;
    const users = Array.from({ length: 300 }, (_, index) => `new-${index}`);
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async (_, writer) => {
        const answers: { status: string }[][] = [];
        for (let batch = 0; batch < BATCHES; batch += 1) {
          // Overlapping: each batch shares most of its new users with the other writers' ones.
          const mine = users.slice(batch * 10 + writer, batch * 10 + writer + 150);
          const ordered = writer % 2 === 0 ? mine : mine.toReversed();
          answers.push(await writers.query(CALL, ['2026-11-24T09:30:00Z', ordered]));
        }
        return answers.flat();
      }),
    );
    await writers.destroy();
    expect(statuses.flat().filter(({ status }) => status !== 'stored')).toEqual([]);
    expect(await single('SELECT count(*)::int AS value FROM events')).toBe(20 * BATCHES * 150);
    expect(await single('SELECT count(DISTINCT user_seq)::int AS value FROM events')).toBe(259);
    expect(
      await single('SELECT count(*)::int AS value FROM events JOIN users ON seq = user_seq'),
    ).toBe(20 * BATCHES * 150);
  });

  it('leaves the user sequence unmoved over 1,000 batches of known users', async () => {
    const known = Array.from({ length: 50 }, (_, index) => `known-${index}`);
    await database.dataSource.query(CALL, ['2026-11-24T09:30:00Z', known]);
    const sequence = `SELECT last_value::int AS value FROM users_seq_seq`;
    const before = await single<number>(sequence);
    for (let batch = 0; batch < 1_000; batch += 1) {
      await database.dataSource.query(CALL, ['2026-11-24T09:30:00Z', known]);
    }
    expect(await single(sequence)).toBe(before);
    expect(await single('SELECT count(*)::int AS value FROM events')).toBe(50 * 1_001);
  });

  it('answers each event in its place, and stores a duplicate once', async () => {
    const id = '0190a1b2-0000-7000-8000-000000000001';
    const call = `SELECT index, event_id, status FROM record_events(
      array_fill('2026-11-24T09:30:00.1239Z'::timestamptz, ARRAY[4]),
      ARRAY['b', 'a', 'b', NULL], ARRAY['click', 'click', 'impression', 'click'],
      ids => array_fill('${id}'::uuid, ARRAY[4]))`;
    const first = await database.dataSource.query(call);
    expect(first).toEqual([
      { index: 0, event_id: id, status: 'stored' },
      { index: 1, event_id: id, status: 'stored' },
      { index: 2, event_id: id, status: 'duplicate' },
      { index: 3, event_id: id, status: 'stored' },
    ]);
    const again = await database.dataSource.query<{ status: string }[]>(call);
    expect(again.map(({ status }) => status)).toEqual(Array(4).fill('duplicate'));
    expect(await single('SELECT count(*)::int AS value FROM events')).toBe(3);
    expect(
      await single(`SELECT to_char(min(time) AT TIME ZONE 'UTC', 'SS.US') AS value FROM events`),
    ).toBe('00.123000');
  });

  it('gives the same event to one of two writers at once', async () => {
    const call = `SELECT status FROM record_events(
      ARRAY['2026-11-24T09:30:00Z'::timestamptz], ARRAY['both'], ARRAY['click'],
      ids => ARRAY['0190a1b2-0000-7000-8000-000000000002'::uuid])`;
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => database.dataSource.query<{ status: string }[]>(call)),
    );
    const statuses = answers.map(([row]) => row!.status).toSorted();
    expect(statuses).toEqual([...Array<string>(7).fill('duplicate'), 'stored']);
  });

  it('keeps an anonymous user apart from the known one of the same name', async () => {
    await database.dataSource.query(
      `SELECT * FROM record_events(array_fill(now(), ARRAY[2]), ARRAY['x', 'x'],
         ARRAY['click', 'click'], user_kinds => ARRAY['known', 'anonymous']::user_kind[])`,
    );
    expect(await single('SELECT count(DISTINCT user_seq)::int AS value FROM events')).toBe(2);
  });

  it('takes new sources up to the limit, and says so beyond it', async () => {
    const call = `SELECT status FROM record_events(array_fill(now(), ARRAY[4]),
      ARRAY['s1', 's2', 's3', 's4'], ARRAY['click', 'click', 'click', 'click'],
      source_names => ARRAY['one', 'two', 'three', NULL], source_limit => 3)`;
    const rows = await database.dataSource.query<{ status: string }[]>(call);
    expect(rows.map(({ status }) => status)).toEqual([
      'stored',
      'source_limit',
      'stored',
      'stored',
    ]);
    expect(await single(`SELECT count(*)::int AS value FROM users WHERE id = 's2'`)).toBe(0);
  });

  it('keeps the limit of sources under concurrent writers', async () => {
    const limit = 1 + (await single<number>('SELECT count(*)::int AS value FROM sources'));
    await Promise.all(
      Array.from({ length: 10 }, (_, writer) =>
        database.dataSource.query(
          `SELECT * FROM record_events(ARRAY[now()], ARRAY['u'], ARRAY['click'],
             source_names => ARRAY[$1], source_limit => $2)`,
          [`race-${writer}`, limit],
        ),
      ),
    );
    expect(await single('SELECT count(*)::int AS value FROM sources')).toBe(limit);
  });

  it.each([
    [
      'arrays of different lengths',
      `ARRAY[now()], ARRAY['a', 'b'], ARRAY['click']`,
      /equal length/,
    ],
    ['a missing name', `ARRAY[now()], ARRAY['a'], ARRAY[NULL]::text[]`, /null value/],
    [
      'an infinite time',
      `ARRAY['infinity'::timestamptz], ARRAY['a'], ARRAY['click']`,
      /infinity|events_time_range|out of range/,
    ],
    [
      'a time before the year 1',
      `ARRAY['0001-12-31 23:59:59Z BC'::timestamptz], ARRAY['a'], ARRAY['click']`,
      /events_time_range/,
    ],
    [
      'a time after the year 9999',
      `ARRAY['10000-01-01 00:00:00Z'::timestamptz], ARRAY['a'], ARRAY['click']`,
      /events_time_range/,
    ],
    ['no times', `NULL, ARRAY['a'], ARRAY['click']`, /are required/],
    ['no users', `ARRAY[now()], NULL, ARRAY['click']`, /are required/],
    ['no names', `ARRAY[now()], ARRAY['a'], NULL`, /are required/],
    [
      'a control character in a name',
      `ARRAY[now()], ARRAY['a'], ARRAY[E'a\\tb']`,
      /event_names_name_characters/,
    ],
    [
      'a control character in a source',
      `ARRAY[now()], ARRAY['a'], ARRAY['click'], source_names => ARRAY[E'a\\tb']`,
      /sources_name_characters/,
    ],
    [
      'properties that are no object',
      `ARRAY[now()], ARRAY['a'], ARRAY['click'], properties => ARRAY['[1]'::jsonb]`,
      /events_properties_object/,
    ],
    [
      'a control character',
      `ARRAY[now()], ARRAY[E'a\\x01'], ARRAY['click']`,
      /users_id_characters/,
    ],
    [
      'a C1 control character',
      `ARRAY[now()], ARRAY[U&'a\\0085'], ARRAY['click']`,
      /users_id_characters/,
    ],
    ['an empty user', `ARRAY[now()], ARRAY[''], ARRAY['click']`, /users_id_length/],
  ])('refuses %s', async (_, args, message) => {
    await expect(database.dataSource.query(`SELECT * FROM record_events(${args})`)).rejects.toThrow(
      message,
    );
    expect(await single('SELECT count(*)::int AS value FROM events')).toBe(0);
  });
});
