import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { RejectionsDto } from '../src/ingest/rejections.dto.js';
import type { ProfileImportDto } from '../src/profiles/profiles.dto.js';
import { startApplication, type TestApplication } from './support/application.js';
import { bringDatabaseBack, takeDatabaseAway } from './support/database.js';
import { livingMemory } from './support/living-memory.js';
import { PeopleClient } from './support/people.js';
import { until } from './support/poll.js';

const MB = 1024 * 1024;

describe('POST /analytics/users/import', () => {
  let server: TestApplication;
  let people: PeopleClient;

  beforeAll(async () => {
    server = await startApplication({});
    people = new PeopleClient(server);
  });
  afterAll(() => server.stop());
  beforeEach(() => server.dataSource.query('TRUNCATE users CASCADE'));

  async function countUsers(): Promise<number> {
    const [row] = await server.dataSource.query<{ count: number }[]>(
      'SELECT count(*)::int AS count FROM users',
    );
    return row!.count;
  }

  it('stores newline-delimited JSON, and tells which lines it does not', async () => {
    const lines = [
      '{"user":"u-1","traits":{"plan":"pro","seats":3}}',
      '',
      '{"user":"u-1","traits":{"plan":null}}',
      'not JSON',
      '{"user":7}',
      '[]',
      '{"user":"u-2","plan":"pro"}',
      '{"traits":{}}',
      '{"user":"u-3","traits":{"a":"\\u0000"}}',
      '{"user":"b-1","anonymous":true,"traits":{"lang":"de"}}',
      '{"user":"u-4","anonymous":"yes"}',
      '{"user":"u-4","timestamp":"yesterday"}',
      `{"user":"${'x'.repeat(MB)}"}`,
      `{"user":"u-5","traits":{"a":${'['.repeat(100_000)}}}`,
      `{"user":"u-5","traits":{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}}`,
      '{"user":"u-6","traits":{"__proto__":{"x":1},"constructor":null}}',
    ];
    const broken = Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]);
    const body = Buffer.concat([Buffer.from(`${lines.join('\r\n')}\n`), broken]);
    const result = await people.imported('x-ndjson', body);
    expect(result).toMatchObject({ stored: 5, rejected: 11 });
    expect(result.receipts.map(({ line, code }) => [line, code])).toEqual([
      [4, 'unreadable_line'],
      [6, 'invalid_profile'],
      [7, 'unknown_profile_field'],
      [8, 'missing_user'],
      [9, 'invalid_traits'],
      [11, 'invalid_anonymous'],
      [12, 'invalid_timestamp'],
      [13, 'line_too_long'],
      [14, 'unreadable_line'],
      [15, 'invalid_traits'],
      [17, 'unreadable_line'],
    ]);
    expect(result.receipts[3]!.message).toMatch(/^user is missing/);
    expect(await people.traitsOf('u-1')).toEqual({ seats: 3 });
    expect(await people.traitsOf('7')).toEqual({});
    expect(await people.traitsOf('b-1', 'anonymous')).toEqual({ lang: 'de' });
    expect(JSON.stringify(await people.traitsOf('u-6'))).toBe('{"__proto__":{"x":1}}');
    const log = (await (await server.get('/analytics/rejections')).json()) as RejectionsDto;
    expect(log.rejections[0]).toMatchObject({
      code: 'unreadable_line',
      route: 'POST /analytics/users/import',
    });
  });

  it('stores CSV: columns are traits, and an empty cell leaves one as it is', async () => {
    await people.set('u-1', { plan: 'free', note: 'kept' });
    const csv = [
      '\uFEFFuser,plan,note,anonymous,timestamp,traits,__proto__',
      'u-1,pro,,,,,',
      'u-2,"a ""b"",\r\nc",n,,,"{""seats"":3,""note"":""json""}",p',
      'b-1,x,,true,2020-01-01T00:00:00Z,,',
      'u-3,too,few',
      'u-4,"broken" quotes,,,,,',
      ',nobody,,,,,',
      'u-5,,,,,[1],',
      'u-6,last,,false,,,',
    ].join('\n');
    const result = await people.imported('csv', csv);
    expect(result.receipts.map(({ line, code }) => [line, code])).toEqual([
      [6, 'unreadable_record'],
      [7, 'unreadable_record'],
      [8, 'invalid_user'],
      [9, 'invalid_traits'],
    ]);
    expect(result).toMatchObject({ stored: 4, rejected: 4 });
    expect(await people.traitsOf('u-1')).toEqual({ plan: 'pro', note: 'kept' });
    expect(JSON.stringify(await people.traitsOf('u-2'))).toBe(
      JSON.stringify({ note: 'json', plan: 'a "b",\r\nc', seats: 3 }).replace(
        '}',
        ',"__proto__":"p"}',
      ),
    );
    expect(await people.traitsOf('b-1', 'anonymous')).toEqual({ plan: 'x' });
    expect(await people.traitsOf('u-6')).toEqual({ plan: 'last' });
  });

  it.each([
    ['no header', ''],
    ['no column user', 'id,plan\n1,pro\n'],
    ['a column twice', 'user,plan,plan\n1,a,b\n'],
    ['a column without name', 'user,,plan\n1,a,b\n'],
    ['a header with NUL', 'user,a\0b\n1,a\n'],
    [
      'more columns than a user may have traits',
      `user,${Array.from(Array(1_200).keys()).join()}\n`,
    ],
    ['a header that is not UTF-8', Buffer.from('user,\xff\n1,a\n', 'latin1')],
    ['a header that never ends', `user,"${'x\n'.repeat(200_000)}`],
  ])('refuses CSV with %s as a whole', async (_, csv) => {
    const response = await people.import('csv', csv);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 'unreadable_header' });
    expect(await countUsers()).toBe(0);
  });

  it('rejects broken UTF-8 of CSV by the line', async () => {
    const csv = Buffer.from('user,plan\nu-1,a\nu-2,\xff\nu-3,c\n', 'latin1');
    const result = await people.imported('csv', csv);
    expect(result).toMatchObject({ stored: 2, receipts: [{ line: 3, code: 'unreadable_record' }] });
  });

  it('takes the type that it is told, in UTF-8, and knows how it is compressed', async () => {
    const line = '{"user":"u-1","traits":{"a":1}}';
    for (const [encoding, body] of [
      ['gzip', gzipSync(line)],
      ['deflate', deflateSync(line)],
      ['br', brotliCompressSync(line)],
    ] as const) {
      const headers = { 'Content-Encoding': encoding };
      expect(await people.imported('x-ndjson', body, headers)).toMatchObject({ stored: 1 });
    }
    for (const headers of [
      { 'Content-Type': 'text/plain' },
      { 'Content-Type': '' },
      { 'Content-Type': 'application/json' },
      { 'Content-Type': 'text/csv; charset=latin1' },
      { 'Content-Encoding': 'zstd' },
    ]) {
      const response = await people.import('csv', Buffer.from('user\nu\n'), headers);
      expect(response.status).toBe(415);
    }
  });

  it('sets traits by their time, and in the order of lines where that is the same', async () => {
    const line = (timestamp: string | undefined, plan: string): string =>
      JSON.stringify({ user: 'u', timestamp, traits: { plan } });
    const times = ['2026-01-02T00:00:00Z', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];
    const body = times.map((time, index) => line(time, `p-${index}`)).join('\n');
    await people.imported('x-ndjson', body);
    expect(await people.traitsOf('u')).toEqual({ plan: 'p-2' });
    await people.imported('x-ndjson', line(undefined, 'now'));
    expect(await people.imported('x-ndjson', body)).toMatchObject({ stored: 3 });
    expect(await people.traitsOf('u')).toEqual({ plan: 'now' });
    await people.imported('x-ndjson', line('2999-01-01T00:00:00Z', 'fast'));
    expect(await people.set('u', { plan: 'after' })).toEqual({ plan: 'after' });
  });

  it('one that cannot be stored keeps no other out', async () => {
    await server.dataSource.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       RAISE EXCEPTION 'no'; END $$`,
    );
    await server.dataSource.query(
      `CREATE TRIGGER refuse BEFORE UPDATE ON users FOR EACH ROW
       WHEN (NEW.traits ? 'poison') EXECUTE FUNCTION refuse()`,
    );
    const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, key) => [`k${key}`, 1]));
    const lines = Array.from({ length: 200 }, (_, index) => {
      const traits = index === 31 ? many : index === 150 ? { poison: 1 } : { index };
      return JSON.stringify({ user: `u-${index}`, traits });
    });
    const result = await people.imported('x-ndjson', lines.join('\n'));
    await server.dataSource.query('DROP TRIGGER refuse ON users');
    expect(result).toMatchObject({
      stored: 198,
      rejected: 2,
      receipts: [
        { line: 32, code: 'too_many_traits' },
        { line: 151, code: 'refused_by_database' },
      ],
    });
    expect(await people.traitsOf('u-199')).toEqual({ index: 199 });
    expect(await people.traitsOf('u-31')).toBeUndefined();
  });

  it('answers with 1,000 receipts at most, and counts all', async () => {
    const result = await people.imported('x-ndjson', '{}\n'.repeat(1_500));
    expect(result).toMatchObject({ stored: 0, rejected: 1_500, receipts_omitted: 500 });
    expect(result.receipts).toHaveLength(1_000);
  });

  it('holds little of a large import, and others are served meanwhile', async () => {
    const line = (index: number): string =>
      `${JSON.stringify({ user: `u-${index % 500}`, traits: { text: 'x'.repeat(2_000) } })}\n`;
    // A gzip file may be several, one after the other: the test itself never holds all of it.
    const part = gzipSync(Array.from({ length: 1_000 }, (_, index) => line(index)).join(''));
    const body = Buffer.concat(Array.from({ length: 20 }, () => part));
    const before = livingMemory();
    const stored = people.imported('x-ndjson', body, { 'Content-Encoding': 'gzip' });
    await until(async () => (await countUsers()) > 0);
    expect(await people.set('other', { a: 1 })).toEqual({ a: 1 });
    expect(await stored).toMatchObject({ stored: 20_000, rejected: 0 });
    const { heap, buffers } = livingMemory();
    expect(heap + buffers - before.heap - before.buffers).toBeLessThan(20 * MB);
  });

  it('keeps whole lines of what is cut off', async () => {
    const { port } = server.app.getHttpServer().address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    socket.write('POST /analytics/users/import HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\n');
    socket.end('Content-Length: 1000\r\n\r\nuser,plan\nu-1,pro\nu-2,free\nu-3,f');
    const answer = await text(socket);
    const result = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as ProfileImportDto;
    expect(result.stored).toBe(2);
    expect(result.incomplete).toMatch(/connection ended/);
    expect(await people.traitsOf('u-2')).toEqual({ plan: 'free' });
  });

  it('is 503 with what was stored when the database goes, and harmless to repeat', async () => {
    const lines = Array.from({ length: 4_000 }, (_, index) =>
      JSON.stringify({ user: `u-${index}`, traits: { index } }),
    );
    const encoder = new TextEncoder();
    let go: () => void = () => {};
    const gone = new Promise<void>((resolve) => {
      go = resolve;
    });
    const body = new ReadableStream({
      async start(controller) {
        controller.enqueue(encoder.encode(`${lines.slice(0, 2_500).join('\n')}\n`));
        await gone;
        controller.enqueue(encoder.encode(lines.slice(2_500).join('\n')));
        controller.close();
      },
    });
    const sent = people.import('x-ndjson', body);
    await until(async () => (await countUsers()) === 2_000);
    await takeDatabaseAway(server.databaseUrl);
    go();
    const response = await sent;
    expect(response.status).toBe(503);
    expect(response.headers.get('Retry-After')).toMatch(/^[1-9]\d*$/);
    expect(await response.json()).toMatchObject({ code: 'unavailable', stored: 2_000 });
    await bringDatabaseBack(server.databaseUrl);
    await until(async () => (await countUsers()) === 2_000);
    expect(await people.imported('x-ndjson', lines.join('\n'))).toMatchObject({ stored: 4_000 });
    expect(await countUsers()).toBe(4_000);
  });

  it('waits for who changes users in the same moment, and then says so', async () => {
    const runner = server.dataSource.createQueryRunner();
    await runner.query('BEGIN');
    await runner.query('SELECT FROM merges_version FOR UPDATE');
    const sent = people.import('csv', 'user,plan\nu-1,pro\n');
    const first = await Promise.race([sent, runner.query('SELECT pg_sleep(1)')]);
    expect(first).not.toBeInstanceOf(Response);
    await runner.query('COMMIT');
    await runner.release();
    expect((await sent).status).toBe(200);
    expect(await people.traitsOf('u-1')).toEqual({ plan: 'pro' });
  });
});
