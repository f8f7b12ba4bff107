import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from 'pg';
import { migrations } from '../migrations/index.js';
import { openDatabase } from '../src/database/open-database.js';
import { parseQuery } from '../src/query/language/parse-query.js';
import type { Answered, Recorded } from './support/analyst.js';
import { startApplication, type TestApplication } from './support/application.js';
import { createEmptyDatabase, onTimescaledb } from './support/database.js';
import {
  mergeByItsMeans,
  migrateTo,
  revertTo,
  storeByItsMeans,
  withClient,
} from './support/old-schema.js';
import { ModelDatabase } from './support/model/model-database.js';
import { until } from './support/poll.js';
import {
  allEvents,
  DAILY_QUERY,
  daysBySql,
  foldAll,
  hourBySql,
  isFolded,
  verifyAll,
} from './support/stored-figures.js';

const ID = '0190a1b2-0000-7000-8000-00000000000';
const HOURS = ['2008-10-21T05:46:39Z', '2026-03-01T10:30:00Z', '2026-03-29T01:00:00.500Z'];

const day = (time: string): string => `2026-03-${time}`;

/** Of an earlier version: users, nobody, bots, anonymous ones, sources, properties and old times. */
const BEFORE: Recorded[] = [
  { time: '2008-10-21T05:46:37Z', user: '3' },
  { time: '2008-10-21T05:46:38Z', user: '4', event: 'impression' },
  { time: day('01T10:00:00Z'), user: 'ada', id: `${ID}1` },
  { time: day('01T10:00:00Z'), user: 'ada', id: `${ID}1` },
  { time: day('01T10:00:00.250Z'), user: 'b-1', kind: 'anonymous' },
  { time: day('01T10:12:00Z'), event: 'impression' },
  { time: day('01T10:20:00Z'), user: 'crawler', bot: true },
  { time: day('01T23:59:59.999Z'), user: 'bob', event: 'signup', properties: { plan: 'pro' } },
  { time: day('29T00:59:59Z'), user: 'b-1', kind: 'anonymous', source: 'shop' },
  { time: day('29T01:00:00.500Z'), user: 'ada', source: 'shop', event: 'impression' },
  { time: day('29T01:00:00Z') },
];

/** Stored by that version, too, after the rollups had been written. */
const LATER: Recorded[] = [
  { time: day('01T10:12:00Z'), user: 'dee' },
  { time: day('29T00:30:00Z'), event: 'impression' },
];

describe.each(migrations.map(({ name }, index) => [index + 1, name] as const))(
  'a server on a database of version %i, whose last migration was %s',
  (count) => {
    let database: { url: string; drop(): Promise<void> };

    beforeEach(async () => {
      database = await createEmptyDatabase();
    });
    afterEach(() => database.drop());

    async function start(): Promise<TestApplication> {
      const dataSource = await openDatabase(database.url, () => {});
      return startApplication(undefined, {
        database: { url: database.url, dataSource, drop: async () => {} },
      });
    }

    it('brings it up to date, with everything that is stored there', async () => {
      await migrateTo(database.url, count);
      const before = await withClient(database.url, async (client) => {
        await storeByItsMeans(client, BEFORE);
        await mergeByItsMeans(client, 'b-1', 'ada');
        return allEvents(client);
      });
      expect(before).toHaveLength(BEFORE.length - 1);
      const server = await start();
      await withClient(database.url, async (client) => {
        expect(await allEvents(client)).toEqual(before);
        await expectFigures(server, client);
        // By the server itself.
        await until(() => isFolded(client));
        await expectFigures(server, client);
        expect(await verifyAll(client)).toEqual([]);
        await expectWritable(server, client);
      });
      await server.stop();
    });

    it('goes on with the rollups that are there', async () => {
      await (await openDatabase(database.url, () => {})).destroy();
      const before = await withClient(database.url, async (client) => {
        await storeByItsMeans(client, BEFORE);
        await mergeByItsMeans(client, 'b-1', 'ada');
        await foldAll(client);
        return allEvents(client);
      });
      await revertTo(database.url, count);
      await withClient(database.url, async (client) => {
        expect(await allEvents(client)).toEqual(before);
        await storeByItsMeans(client, LATER);
      });
      await (await openDatabase(database.url, () => {})).destroy();
      const asking = await ModelDatabase.open(database.url);
      const days = async (): Promise<unknown[][]> =>
        (await asking.ask(parseQuery(DAILY_QUERY))).results.map((row) => Object.values(row));
      await withClient(database.url, async (client) => {
        expect(await allEvents(client)).toHaveLength(before.length + LATER.length);
        expect(await days()).toEqual(await daysBySql(client));
        await foldAll(client);
        expect(await days()).toEqual(await daysBySql(client));
        expect(await verifyAll(client)).toEqual([]);
      });
      await asking.close();
    });
  },
);

/** Hours, days and people are what plain SQL over the events says. */
async function expectFigures(server: TestApplication, client: Client): Promise<void> {
  for (const hour of HOURS) {
    const path = `/analytics?format=json&timestamp=${encodeURIComponent(hour)}`;
    const answer = (await (await server.get(path)).json()) as object;
    expect(answer).toMatchObject(await hourBySql(client, hour));
  }
  const { results } = await ask(server, DAILY_QUERY);
  expect(results.map((row) => Object.values(row))).toEqual(await daysBySql(client));
  const pro = { ...DAILY_QUERY, metrics: ['events'], dimensions: ['trait:plan'], order_by: [] };
  const { results: plans } = await ask(server, pro);
  expect(plans).toContainEqual({ 'trait:plan': 'pro', events: 4 });
  const ada = await (await server.get('/analytics/users/ada')).json();
  expect(ada).toMatchObject({ events: 4, identities: [{ id: 'ada' }, { id: 'b-1' }] });
}

/** A retry of what the earlier version stored is one, and new users get numbers of their own. */
async function expectWritable(server: TestApplication, client: Client): Promise<void> {
  const answer = await server.post('/analytics/batch', {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify([
      { timestamp: day('01T10:00:00Z'), user: 'ada', event: 'click', id: `${ID}1` },
      { timestamp: day('01T10:00:00Z'), user: 'new', event: 'click', id: `${ID}1` },
      { timestamp: day('30T10:00:00Z'), event: 'other', user: 'new' },
    ]),
  });
  expect(await answer.json()).toMatchObject({ stored: 2, duplicates: 1, rejected: 0 });
  const { rows } = await client.query<{ seq: number; last: number }>(
    `SELECT seq, (SELECT max(seq) FROM users) AS last FROM users WHERE id = 'new'`,
  );
  expect(rows).toEqual([{ seq: rows[0]!.last, last: rows[0]!.last }]);
  await expectFigures(server, client);
  await expectHypertable(client);
}

async function expectHypertable(client: Client): Promise<void> {
  const { rows } = await client.query(
    `SELECT FROM pg_inherits WHERE inhparent = 'events'::regclass`,
  );
  expect(rows.length > 0).toBe(onTimescaledb);
}

async function ask(server: TestApplication, query: object): Promise<Answered> {
  const answer = await server.post('/analytics/query', {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(query),
  });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(text);
  return JSON.parse(text) as Answered;
}
