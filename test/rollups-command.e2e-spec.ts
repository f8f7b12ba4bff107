import { Writable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { runRollups } from '../src/rollup/command/rollups.command.js';
import { fold } from '../src/rollup/fold.js';
import { moveHorizon } from '../src/rollup/horizon.js';
import { createDatabase, type TestDatabase } from './support/database.js';

const START = Date.parse('2026-03-01T10:20:00Z') / 60_000;
const DAY = 1_440;

describe('the command for rollups', () => {
  let database: TestDatabase;
  let client: Client;
  let ending: AbortController;

  beforeAll(async () => {
    database = await createDatabase();
    client = await connect();
  });
  afterAll(async () => {
    await client.end();
    await database.drop();
  });
  beforeEach(async () => {
    ending = new AbortController();
    await client.query('TRUNCATE events');
  });

  async function connect(): Promise<Client> {
    const connected = new Client(database.url);
    await connected.connect();
    return connected;
  }

  async function record(
    by: Client,
    minute: number,
    users: (string | null)[],
    name = 'click',
  ): Promise<void> {
    await by.query(
      `SELECT record_events(array_fill($1::timestamptz, ARRAY[cardinality($2::text[])]), $2,
         array_fill($3::text, ARRAY[cardinality($2)]))`,
      [new Date(minute * 60_000 + 500).toISOString(), users, name],
    );
  }

  async function run(...argv: string[]): Promise<{ code: number; lines: string[] }> {
    let output = '';
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        output += chunk.toString();
        done();
      },
    });
    const code = await runRollups(argv, {
      stdout: stream,
      stderr: stream,
      openDatabase: async () => {
        const own = await connect();
        return { client: own, close: () => own.end() };
      },
      signal: ending.signal,
    });
    return { code, lines: output.trimEnd().split('\n') };
  }

  it('names what differs, in lines, and repairs it', async () => {
    await record(client, START, ['a', 'b']);
    await record(client, START + DAY, ['a'], 'sign "up"');
    expect(await run('verify')).toEqual({ code: 0, lines: ['Verified 2 days: no difference.'] });
    await fold(client);
    expect(await run('verify')).toEqual({ code: 0, lines: ['Verified 2 days: no difference.'] });
    await client.query(
      `UPDATE rollups SET events = events + 1 WHERE grain = 15 AND bucket = '2026-03-01 10:15Z'`,
    );
    await client.query('UPDATE rollups SET user_count = 9 WHERE grain = 1440 AND name_id > 1');
    const found = await run('verify');
    expect(found).toEqual({
      code: 1,
      lines: [
        '2026-03-01T10:15:00.000Z, 15 minutes, source "default", all names, no bots: expected 2 events, 2 users; found 3 events, 2 users',
        '2026-03-01T10:15:00.000Z, 15 minutes, source "default", "click", no bots: expected 2 events, 2 users; found 3 events, 2 users',
        '2026-03-01T10:00:00.000Z, 1 hour, source "default", all names, no bots: expected 3 events, 2 users; found 2 events, 2 users',
        '2026-03-01T10:00:00.000Z, 1 hour, source "default", "click", no bots: expected 3 events, 2 users; found 2 events, 2 users',
        '2026-03-02T00:00:00.000Z, 1 day, source "default", "sign \\"up\\"", no bots: expected 1 event, 1 user; found 1 event, 1 user (user_count is 9)',
        'Verified 2 days: 5 rows differ. npm run rollups -- rebuild repairs them.',
      ],
    });
    const range = ['--from', '2026-03-02T00:00:00Z', '--to', '2026-03-03T00:00:00Z'];
    expect((await run('verify', ...range)).lines.at(-1)).toBe(
      `Verified 1 day: 1 row differs. npm run rollups -- rebuild ${range.join(' ')} repairs it.`,
    );
    expect(await run('rebuild', ...range)).toEqual({
      code: 0,
      lines: ['Rebuilt 1 day: 8 rows written.'],
    });
    expect((await run('verify')).lines).toHaveLength(5);
    expect((await run('rebuild')).code).toBe(0);
    expect((await run('verify')).code).toBe(0);
  });

  it("shows nobody's events where their number differs", async () => {
    await record(client, START, ['a', null]);
    await fold(client);
    await client.query('UPDATE rollups SET nobody = 0 WHERE grain = 1 AND name_id = 0');
    expect((await run('verify')).lines).toEqual([
      '2026-03-01T10:20:00.000Z, 1 minute, source "default", all names, no bots: expected 2 events (1 of nobody), 1 user; found 2 events (0 of nobody), 1 user',
      '2026-03-01T10:15:00.000Z, 15 minutes, source "default", all names, no bots: expected 2 events (0 of nobody), 1 user; found 2 events (1 of nobody), 1 user',
      'Verified 1 day: 2 rows differ. npm run rollups -- rebuild repairs them.',
    ]);
    await run('rebuild');
    expect((await run('verify')).code).toBe(0);
  });

  it('shows a hundred differences, and how many more there are', async () => {
    for (let minute = 0; minute < 60; minute += 1) await record(client, START + minute, ['a']);
    await fold(client);
    await client.query('UPDATE rollups SET user_count = 0 WHERE grain = 1');
    const { code, lines } = await run('verify');
    expect(code).toBe(1);
    expect(lines).toHaveLength(102);
    expect(lines.slice(-2)).toEqual([
      '… and 20 more',
      'Verified 1 day: 120 rows differ. npm run rollups -- rebuild repairs them.',
    ]);
  });

  it('finds rows of days without any event, centuries apart', async () => {
    await record(client, Date.parse('0001-01-01T00:00:00Z') / 60_000, ['a']);
    await record(client, Date.parse('9999-12-31T23:59:00Z') / 60_000, ['a']);
    await fold(client);
    await client.query(
      `INSERT INTO rollups (grain, bucket, source_id, bot, name_id, events, user_count, users)
       SELECT 60, '1850-07-01 05:00Z', 1, true, -1, 4, user_count, users FROM rollups LIMIT 1`,
    );
    const { lines } = await run('verify');
    expect(lines[0]).toBe(
      '1850-07-01T05:00:00.000Z, 1 hour, source "default", (other), bots: expected 0 events, 0 users; found 4 events, 1 user',
    );
    expect((await run('rebuild')).lines).toEqual(['Rebuilt 3 days: 16 rows written.']);
    expect((await run('verify')).lines).toEqual(['Verified 2 days: no difference.']);
  });

  it('is right at any moment while events are written and folded', async () => {
    const [writer, folder] = await Promise.all([connect(), connect()]);
    const done = new AbortController();
    const writing = async (): Promise<void> => {
      for (let round = 0; !done.signal.aborted; round += 1) {
        await record(writer, START + (round % 3), [`u${round % 50}`, `v${round}`]);
        // Some are removed again.
        if (round % 5 === 0) {
          await writer.query('DELETE FROM events WHERE time = (SELECT min(time) FROM events)');
        }
      }
    };
    const folding = async (): Promise<void> => {
      while (!done.signal.aborted) await fold(folder);
    };
    const loops = Promise.all([writing(), folding()]);
    for (let round = 0; round < 15; round += 1) {
      expect((await run('verify')).lines).toEqual([expect.stringMatching(/day.*: no difference/)]);
      // Rebuilding keeps what is written meanwhile, too.
      await run('rebuild');
    }
    done.abort();
    await loops;
    await fold(client);
    expect((await run('verify')).lines).toEqual(['Verified 1 day: no difference.']);
    await Promise.all([writer.end(), folder.end()]);
  });

  it('ends after the day that is under way', async () => {
    await record(client, START, ['a']);
    await record(client, START + DAY, ['a']);
    ending.abort();
    expect(await run('verify')).toEqual({
      code: 130,
      lines: ['Interrupted. Verified 0 days: no difference.'],
    });
    expect((await run('rebuild')).code).toBe(130);
  });

  it('says what waits, what there is, and what it takes', async () => {
    await record(client, START, ['a']);
    expect((await run('status')).lines).toEqual([
      'Waiting to be added: 1 delta. Waiting to be read anew: 0 minutes.',
      'The oldest minute that waits: 2026-03-01T10:20:00.000Z',
      '1 minute: 0 rows, sets of users 0 bytes',
      expect.stringMatching(/^15 minutes: /),
      expect.stringMatching(/^1 hour: /),
      expect.stringMatching(/^1 day: /),
      expect.stringMatching(/^All of them on disk: /),
      'Raw events are kept: all of them.',
    ]);
    await fold(client);
    const { code, lines } = await run('status');
    expect(code).toBe(0);
    expect(lines[0]).toBe('Waiting to be added: 0 deltas. Waiting to be read anew: 0 minutes.');
    expect(lines[1]).toBe('1 minute: 2 rows, sets of users 36 bytes');
  });

  it('explains itself, and refuses what it does not know', async () => {
    expect((await run('--help')).code).toBe(0);
    const { code, lines } = await run('verify', '--since', '0');
    expect(code).toBe(2);
    expect(lines.join('\n')).toContain('--from TIME');
  });

  // The last one: the horizon never moves back.
  it('touches nothing below the horizon', async () => {
    await record(client, START, ['a']);
    await record(client, START + 5, ['b']);
    await fold(client);
    await moveHorizon(client, START + 5);
    await client.query('DELETE FROM events WHERE time < $1', [
      new Date((START + 5) * 60_000).toISOString(),
    ]);
    const begins = 'Beginning at 2026-03-01T10:25:00.000Z: raw events before are no longer kept.';
    expect(await run('verify')).toEqual({
      code: 0,
      lines: [begins, 'Verified 1 day: no difference.'],
    });
    expect((await run('rebuild')).lines[0]).toBe(begins);
    for (const command of ['verify', 'rebuild']) {
      const below = await run(command, '--from', '2026-03-01T10:24:59Z');
      expect(below.code).toBe(2);
      expect(below.lines[0]).toMatch(
        /^--from must be 2026-03-01T10:25:00.000Z or later: raw events/,
      );
      const ended = await run(command, '--to', '2026-03-01T10:25:00Z');
      expect(ended.code).toBe(2);
      expect(ended.lines[0]).toMatch(
        /^--to must be later than 2026-03-01T10:25:00.000Z: raw events/,
      );
    }
    expect((await run('verify', '--from', '2026-03-01T10:25:30Z')).lines).toEqual([
      'Verified 1 day: no difference.',
    ]);
    expect((await run('status')).lines.at(-1)).toBe(
      'Raw events are kept from 2026-03-01T10:25:00.000Z on.',
    );
    const { rows } = await client.query(`SELECT events FROM rollups WHERE grain = 1440`);
    expect(rows).toEqual([{ events: '2' }, { events: '2' }]);
  });
});
