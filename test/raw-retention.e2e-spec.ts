import { Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eraseUsers } from '../src/rollup/erase.js';
import { runRollups } from '../src/rollup/command/rollups.command.js';
import { Analyst, record } from './support/analyst.js';
import { onTimescaledb } from './support/database.js';
import { countRaw, daysAgo, EVENTS, expire, policy, startOf } from './support/kept.js';

const OLD_DAY = [startOf(40), startOf(39)];
/** What rollups answer, of windows of whole minutes. */
const FIGURES = [
  { date_range: 'all', dimensions: ['source', 'event'], bots: 'include' },
  { date_range: 'all', dimensions: ['time:day', 'source'] },
  { date_range: [daysAgo(40, '10:00:00'), daysAgo(40, '10:01:00')], dimensions: ['source'] },
  { date_range: OLD_DAY, filters: [['is', 'source', ['shop']]], dimensions: ['event'] },
].map((query) => Object.assign(query, { metrics: ['unique_users', 'events', 'new_users'] }));

const ofSource = (...names: string[]): unknown[] => [['is', 'source', names]];
const filter = (...names: string[]): string =>
  `filters=${encodeURIComponent(JSON.stringify(ofSource(...names)))}`;
const BY_PLAN = { metrics: ['events', 'unique_users'], dimensions: ['property:plan'] };

// One after the other: what is gone stays gone.
describe('raw events that are no longer kept', () => {
  let analyst: Analyst;
  let before: unknown[];

  beforeAll(async () => {
    analyst = await Analyst.start();
    await analyst.record(EVENTS);
    await analyst.fold();
    before = await figures();
  });
  afterAll(() => analyst.stop());

  async function figures(): Promise<unknown[]> {
    const answers = await Promise.all(FIGURES.map((query) => analyst.ask(query)));
    return answers.map(({ results, totals }) => [results, totals]);
  }

  async function rollups(...argv: string[]): Promise<{ code: number; output: string }> {
    let output = '';
    const sink = new Writable({
      write(chunk: Buffer, _, done) {
        output += chunk.toString();
        done();
      },
    });
    const code = await runRollups(argv, {
      stdout: sink,
      stderr: sink,
      openDatabase: async () => ({ client: analyst.client, close: async () => {} }),
      signal: new AbortController().signal,
    });
    return { code, output };
  }

  it('are removed by their source and age, and stay counted', async () => {
    const removed = await expire(analyst);
    expect(removed).toMatchObject({ rollupDays: 0 });
    expect(await countRaw(analyst)).toEqual({ app: 3, default: 1, shop: 2 });
    expect(removed!.chunks > 0).toBe(onTimescaledb);
    expect(await figures()).toEqual(before);
    expect(await expire(analyst)).toEqual({ chunks: 0, events: 0, rollupDays: 0 });
  });

  it('are refused where they are needed, and others answer', async () => {
    const query = { ...BY_PLAN, date_range: OLD_DAY };
    expect(await analyst.refusal(query)).toMatchObject({
      statusCode: 422,
      code: 'raw_events_expired',
      raw_from: startOf(30),
      message: expect.stringContaining('a filter by source'),
    });
    expect(await analyst.refusal({ ...query, filters: ofSource('shop', 'app') })).toMatchObject({
      raw_from: startOf(30),
    });
    expect(await analyst.rows({ ...query, filters: ofSource('default') })).toEqual([['pro', 1, 1]]);
    const longer = { ...query, filters: ofSource('app'), bots: 'include' };
    expect(await analyst.rows({ ...longer, date_range: [startOf(300), startOf(0)] })).toEqual([
      ['pro', 3, 3],
    ]);
    expect(
      await analyst.refusal({
        ...query,
        date_range: [startOf(100), startOf(0)],
        filters: ofSource('default'),
      }),
    ).toMatchObject({ raw_from: startOf(90) });
    expect(await analyst.rows({ ...BY_PLAN, date_range: [startOf(30), startOf(0)] })).toEqual([
      ['pro', 2, 2],
    ]);
  });

  it('leave the last days, whose beginning is widened to its minute', async () => {
    for (const days of ['700d', '900d']) {
      const answer = await analyst.ask({ ...FIGURES[0], date_range: days });
      const [from] = answer.query.date_range as [string, string];
      expect(from).toMatch(/:00(\.000)?Z$/);
    }
  });

  it('are needed by funnels, the list of events and windows finer than minutes', async () => {
    const steps = [{ event: 'click' }, { event: 'signup' }];
    const funnel = { steps, within: '365d', date_range: [startOf(300), startOf(0)] };
    expect(await analyst.refusal(funnel, 'funnel')).toMatchObject({ raw_from: startOf(30) });
    const ofApp = await analyst.ask({ ...funnel, filters: ofSource('app') }, 'funnel');
    expect(ofApp.totals).toMatchObject({ users: 1 });
    const fine = {
      metrics: ['events'],
      date_range: [daysAgo(40, '10:00:30'), daysAgo(40, '10:01:00')],
    };
    expect((await analyst.refusal(fine)).code).toBe('raw_events_expired');
    expect(await analyst.rows({ ...fine, filters: ofSource('default') })).toEqual([[1]]);
    const events = `events?date_range=${OLD_DAY.join(',')}`;
    expect((await analyst.server.get(`/analytics/${events}`)).status).toBe(422);
    expect((await analyst.get(`${events}&${filter('default')}`)).results).toHaveLength(1);
    expect((await analyst.get('events')).results).toHaveLength(2);
    expect((await analyst.get(`events?bots=include&${filter('app')}`)).results).toHaveLength(3);
  });

  it('are exported as far as each source has them, and refused before', async () => {
    const text = async (path: string): Promise<string> =>
      await (await analyst.server.get(`/analytics/${path}`)).text();
    expect((await text('export')).trimEnd().split('\n')).toHaveLength(6);
    expect((await text(`export?from=${startOf(30)}`)).trimEnd().split('\n')).toHaveLength(2);
    expect(await text(`export?from=${startOf(40)}`)).toContain('raw_events_expired');
  });

  it('leave the hourly report, which widens to whole minutes and says so', async () => {
    const response = await analyst.server.get(`/analytics?timestamp=${daysAgo(40, '11:00:20')}`);
    expect(response.headers.get('X-Analytics-Window')).toBe(
      `${daysAgo(40, '10:00:00')}/${daysAgo(40, '11:00:59.999')}`,
    );
    expect(await response.text()).toBe('unique_users,4\nclicks,4\nimpressions,1\n');
  });

  it("don't count in what is known of a person", async () => {
    expect(await (await analyst.server.get('/analytics/users/ada')).json()).toMatchObject({
      events: 2,
      raw_from: startOf(30),
    });
  });

  it('are not taken any more, of their source alone', async () => {
    const send = async (source: string, id: string): Promise<unknown> => {
      const event = {
        event: 'click',
        user: 'late',
        timestamp: daysAgo(40, '12:00:00'),
        source,
        id,
      };
      const response = await analyst.post('batch', [event]);
      return ((await response.json()) as { receipts: unknown[] }).receipts[0];
    };
    expect(await send('shop', 'a')).toMatchObject({ status: 'rejected', code: 'too_old' });
    expect(await send('default', 'a')).toMatchObject({ status: 'stored' });
    expect(await send('default', 'a')).toMatchObject({ status: 'duplicate' });
    expect(await send('a new one', 'a')).toMatchObject({ status: 'stored' });
    await expect(
      record(analyst.client, [{ time: daysAgo(31, '23:59:59'), source: 'shop' }]),
    ).rejects.toMatchObject({ constraint: 'events_above_horizon' });
    await analyst.fold();
  });

  it('are refused by the thousand as fast as others are stored', async () => {
    const events = Array.from({ length: 5_000 }, (_, index) => ({
      timestamp: index % 10 === 0 ? daysAgo(0, '00:00:00') : daysAgo(40, '10:00:00'),
      user: `late-${index}`,
      event: 'late',
      id: `late-${index}`,
      source: 'shop',
    }));
    const begun = performance.now();
    const response = await analyst.server.post('/analytics/batch', {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ events }),
    });
    expect(await response.json()).toMatchObject({ stored: 500, rejected: 4_500 });
    // One by one they took minutes.
    expect(performance.now() - begun).toBeLessThan(10_000);
    const named = "name_id = (SELECT id FROM event_names WHERE name = 'late')";
    await analyst.client.query(`DELETE FROM events WHERE ${named}`);
    await analyst.fold();
  });

  it('leave rollups that verify, and that no rebuild makes anew', async () => {
    const note = `Leaving out source "shop" before ${startOf(30)}`;
    const verified = await rollups('verify');
    expect(verified).toMatchObject({ code: 0, output: expect.stringContaining(note) });
    before = await figures();
    expect((await rollups('rebuild')).output).toContain(note);
    expect(await figures()).toEqual(before);
    expect((await rollups('rebuild', '--from', startOf(401))).code).toBe(2);
    expect((await rollups('status')).output).toContain(`  source "shop": from ${startOf(30)} on`);
    await analyst.client.query(
      `UPDATE rollups SET events = events + 1 WHERE grain = 1 AND bucket = $1 AND source_id = 1`,
      [daysAgo(40, '10:00:00')],
    );
    expect((await rollups('verify')).code).toBe(1);
    expect((await rollups('rebuild')).code).toBe(0);
    expect(await figures()).toEqual(before);
  });

  it('are read anew beside what is gone of others, while that waits and afterwards', async () => {
    const asked = { metrics: ['events', 'unique_users'], date_range: OLD_DAY, bots: 'include' };
    const rows = (): Promise<unknown[][]> =>
      analyst.rows({ ...asked, dimensions: ['source'], order_by: [['source', 'asc']] });
    const left = [
      ['a new one', 1, 1],
      ['app', 1, 1],
      ['default', 1, 1],
      ['shop', 3, 2],
    ];
    await analyst.holdFolding([OLD_DAY[0]!]);
    await analyst.client.query('DELETE FROM events WHERE time = $1', [daysAgo(40, '10:00:45')]);
    expect(await rows()).toEqual(left);
    await analyst.fold();
    expect(await rows()).toEqual(left);
  });

  it('are of no one whom they were of, once that one is erased', async () => {
    const { rows } = await analyst.client.query<{ seq: number }>(
      `SELECT seq FROM users WHERE id IN ('ada', 'dan')`,
    );
    await eraseUsers(
      analyst.client,
      rows.map(({ seq }) => seq),
    );
    await analyst.fold();
    const shop = { metrics: ['events', 'unique_users'], filters: ofSource('shop') };
    // Below the horizon the counts stay; above it the events are gone.
    expect(await analyst.rows({ ...shop, date_range: OLD_DAY })).toEqual([[3, 0]]);
    expect(await analyst.rows({ ...shop, date_range: [startOf(30), startOf(0)] })).toEqual([
      [1, 1],
    ]);
    expect((await rollups('verify')).code).toBe(0);
  });

  it('move with the policy, never back', async () => {
    await expire(analyst, policy({ days: 400, sources: new Map() }));
    const { rows } = await analyst.client.query(
      `SELECT raw_from FROM source_horizons JOIN sources ON id = source_id WHERE name = 'shop'`,
    );
    expect(rows).toEqual([{ raw_from: new Date(startOf(30)) }]);
    await expire(analyst, policy({ days: 10, sources: new Map() }));
    expect(await countRaw(analyst)).toEqual({});
    const all = await analyst.ask({ metrics: ['events'], date_range: 'all', bots: 'include' });
    expect(all.totals['events']).toBeGreaterThan(8);
  });
});
