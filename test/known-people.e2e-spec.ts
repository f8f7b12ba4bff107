import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { KnownPeople } from '../src/query/engine/known-people.js';
import { inSnapshot, type Snapshot } from '../src/query/engine/snapshot.js';
import { UserSet } from '../src/rollup/user-set.js';
import { createDatabase, type TestDatabase } from './support/database.js';

const TIMEOUT_MS = 30_000;
/** The numbers of as many anonymous users, and of as many known ones after them. */
const USERS = 400;

describe('who is whom, as it is remembered', () => {
  let database: TestDatabase;
  let writer: Client;
  let reader: Client;
  let known: KnownPeople;
  const everyone = UserSet.of(Array.from({ length: 2 * USERS }, (_, index) => index + 1));

  beforeAll(async () => {
    database = await createDatabase();
    writer = new Client(database.url);
    reader = new Client(database.url);
    await Promise.all([writer.connect(), reader.connect()]);
    await writer.query(
      `INSERT INTO users (kind, id)
       SELECT CASE WHEN number > $1 THEN 'known' ELSE 'anonymous' END::user_kind, number
       FROM generate_series(1, 2 * $1) AS number`,
      [USERS],
    );
  });
  beforeEach(async () => {
    known = new KnownPeople();
    await writer.query('TRUNCATE merges');
  });
  afterAll(async () => {
    await Promise.all([writer.end(), reader.end()]);
    await database.drop();
  });

  const merge = (anonymous: number, person: number): Promise<unknown> =>
    writer.query(`SELECT merge_users($1, $2, 'test')`, [anonymous, USERS + person]);
  const undo = (anonymous: number): Promise<unknown> =>
    writer.query(
      `SELECT undo_merge(id, 'test') FROM merges WHERE anonymous_seq = $1 AND undone_at IS NULL`,
      [anonymous],
    );

  /** By what is remembered, and what one who remembers nothing reads. */
  async function expectRight(client = writer): Promise<number> {
    return await inSnapshot(client, TIMEOUT_MS, (snapshot) => compare(client, snapshot));
  }
  async function compare(client: Client, snapshot: Snapshot): Promise<number> {
    const people = (await known.at(client, snapshot)).of(everyone).toArray();
    const anew = (await new KnownPeople().at(client, snapshot)).of(everyone).toArray();
    expect(people).toEqual(anew);
    return people.length;
  }

  it('follows merges, their undoing, others in their place, and rows that go away', async () => {
    expect(await expectRight()).toBe(2 * USERS);
    for (let user = 1; user <= USERS; user += 1) {
      await merge(user, 1 + (user % 7));
      if (user % 3 === 0) await undo(user);
      if (user % 6 === 0) await merge(user, 20 + (user % 5));
      // Nothing that counts: it was undone before.
      if (user % 9 === 0) await writer.query(`UPDATE merges SET undone_by = 'x' WHERE id = 3`);
      if (user % 20 === 0) await expectRight();
    }
    const merged = await expectRight();
    expect(merged).toBe(2 * USERS - (USERS - Math.floor(USERS / 3) + Math.floor(USERS / 6)));
    await writer.query('DELETE FROM merges WHERE anonymous_seq <= 10 AND undone_at IS NULL');
    expect(await expectRight()).toBeGreaterThan(merged);
    await merge(1, 2);
    await expectRight();
  });

  it('takes a merge that was undone, touched after another took its place, for undone', async () => {
    await merge(1, 1);
    await undo(1);
    await merge(1, 2);
    await expectRight();
    await writer.query(`UPDATE merges SET undone_by = 'x' WHERE undone_at IS NOT NULL`);
    expect(await expectRight()).toBe(2 * USERS - 1);
  });

  it('is right for a snapshot that is older than what is known, however old', async () => {
    for (let user = 1; user <= 20; user += 1) await merge(user, user);
    await expectRight();
    await merge(21, 21);
    await inSnapshot(reader, TIMEOUT_MS, async (snapshot) => {
      await merge(22, 22);
      await undo(1);
      expect(await expectRight()).toBe(2 * USERS - 21);
      expect(await compare(reader, snapshot)).toBe(2 * USERS - 21);
      for (let user = 23; user <= 50; user += 1) {
        await merge(user, user);
        await expectRight();
      }
      expect(await compare(reader, snapshot)).toBe(2 * USERS - 21);
      await writer.query('TRUNCATE merge_refusals');
      await writer.query('DELETE FROM merges WHERE anonymous_seq > 25');
      expect(await expectRight()).toBe(2 * USERS - 24);
      expect(await compare(reader, snapshot)).toBe(2 * USERS - 21);
    });
    expect(await expectRight()).toBe(2 * USERS - 24);
  });

  it('starts anew where another server may have taken over', async () => {
    await merge(1, 1);
    await expectRight();
    known.forget();
    await merge(2, 2);
    expect(await expectRight()).toBe(2 * USERS - 2);
  });
});
