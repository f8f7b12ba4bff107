import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NormalisedEvent } from '../src/ingest/normalise.js';
import { encodeEvents } from '../src/ingest/spool/command.js';
import { startApplication, type TestApplication } from './support/application.js';
import { bringDatabaseBack, takeDatabaseAway } from './support/database.js';
import { eraseUser, filesHolding, sendEvents, tablesHolding } from './support/erasure.js';
import { until } from './support/poll.js';

const OLD = '2026-11-20T10:00:00Z';
const ID = 'in files "ä"/9';

describe('erasing a person from files', () => {
  let server: TestApplication;
  let home: string;

  beforeEach(async () => {
    server = await startApplication();
    const [row] = await server.dataSource.query<{ id: string }[]>('SELECT id FROM installation');
    home = join(server.spool, row!.id);
  });
  afterEach(() => server.stop());

  /** Of somebody else, but for every third. */
  const eventsOf = (count: number, more: Partial<NormalisedEvent> = {}): NormalisedEvent[] =>
    Array.from({ length: count }, (_, index) => ({
      time: Date.parse(OLD) + index,
      id: randomUUID(),
      user: index % 3 === 0 ? ID : `beside-${index}`,
      isAnonymous: false,
      bot: false,
      name: 'click',
      source: undefined,
      properties: index % 3 === 0 ? JSON.stringify({ email: ID }) : undefined,
      identity: undefined,
      ...more,
    }));

  /** @returns a file of a process that lives, and replays nothing */
  function leaveByOther(bytes: Buffer): string {
    const folder = join(home, randomUUID());
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'owner.json'),
      JSON.stringify({ pid: process.ppid, host: hostname(), events: 0, bytes: 0 }),
    );
    const path = join(folder, `${String(Date.parse(OLD)).padStart(14, '0')}-0000abcd.log`);
    writeFileSync(path, bytes);
    return path;
  }

  it('what another living process has waiting is stored but for theirs', async () => {
    leaveByOther(Buffer.concat(encodeEvents(eventsOf(9))));
    const beside = Buffer.concat(
      encodeEvents(eventsOf(2, { user: 'beside', properties: undefined })),
    );
    const untouched = leaveByOther(beside);
    expect(filesHolding(server.spool, ID)).toHaveLength(1);
    const { status, body } = await eraseUser(server.base, ID);
    expect(status).toBe(200);
    expect(body.removed).toMatchObject({ identities: 0, waiting: 3 });
    expect(filesHolding(server.spool, ID)).toEqual([]);
    await until(async () => (await server.countEvents()) === 6);
    expect(readFileSync(untouched)).toEqual(beside);
    const log = await server.get('/analytics/rejections');
    expect(await log.json()).toMatchObject({ counts: { erased: 3 } });
    expect(await tablesHolding(server.dataSource, ID)).toEqual([]);
  });

  it('what is replayed later is refused, and left in no file', async () => {
    const waiting = eventsOf(6, { identity: undefined });
    await eraseUser(server.base, ID);
    const path = leaveByOther(Buffer.concat(encodeEvents(waiting)));
    // Its process has ended.
    writeFileSync(
      join(path, '..', 'owner.json'),
      JSON.stringify({ pid: 5_000_000, host: hostname() }),
    );
    await until(async () => (await server.countEvents()) === 4);
    await until(() => filesHolding(server.spool, ID).length === 0);
    await until(async () => {
      const log = await server.get('/analytics/rejections');
      const { counts } = (await log.json()) as { counts: Record<string, number> };
      return counts['erased'] === 2;
    });
    expect(await tablesHolding(server.dataSource, ID)).toEqual([]);
  });

  it('dead letters and damaged records go, those of others stay', async () => {
    const [theirs, others] = eventsOf(2) as [NormalisedEvent, NormalisedEvent];
    const visitor = { ...others, identity: JSON.stringify({ previous: ID, at: 1, by: 'x' }) };
    const letters = [theirs, others, visitor].map((event) =>
      JSON.stringify({ code: 'refused_by_database', event }),
    );
    mkdirSync(join(home, 'damaged'), { recursive: true });
    appendFileSync(join(home, 'dead-letter.ndjson'), `${letters.join('\n')}\nbroken "x"\n`);
    // Of a process that ended while it cleaned.
    const damaged = Buffer.concat(encodeEvents([theirs, visitor]));
    writeFileSync(join(home, 'damaged', 'a-0.bin'), damaged.subarray(21));
    writeFileSync(join(home, 'damaged', 'b-0.bin'), Buffer.concat(encodeEvents([others])));
    expect(filesHolding(server.spool, ID)).toHaveLength(2);
    const { body } = await eraseUser(server.base, ID);
    expect(body.removed.waiting).toBe(3);
    expect(filesHolding(server.spool, ID)).toEqual([]);
    expect(readFileSync(join(home, 'dead-letter.ndjson'), 'utf8').trim().split('\n')).toEqual([
      letters[1],
      'broken "x"',
    ]);
    expect(readdirSync(join(home, 'damaged'))).toEqual(['b-0.bin']);
  });

  it('while the database is away it is 503, and works when that is back', async () => {
    await sendEvents(server.base, [{ timestamp: OLD, user: ID, event: 'click' }]);
    await takeDatabaseAway(server.databaseUrl);
    expect(await sendEvents(server.base, [{ timestamp: OLD, user: ID, event: 'a' }])).toEqual([
      undefined,
    ]);
    expect(filesHolding(server.spool, ID)).toHaveLength(1);
    const away = await eraseUser(server.base, ID);
    expect(away).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    await bringDatabaseBack(server.databaseUrl);
    expect((await eraseUser(server.base, ID)).status).toBe(200);
    expect(filesHolding(server.spool, ID)).toEqual([]);
    await until(() => filesHolding(server.spool, '').length === 1);
    expect(await tablesHolding(server.dataSource, ID)).toEqual([]);
    expect(await server.countEvents()).toBe(0);
  });
});
