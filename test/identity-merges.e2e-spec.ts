import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Analyst } from './support/analyst.js';

const RACERS = 20;
const RAW = ['not', ['exists', 'property:missing']];

describe('anonymous users who turn out to be known', () => {
  let analyst: Analyst;
  beforeAll(async () => {
    analyst = await Analyst.start();
  });
  afterAll(() => analyst.stop());

  async function call(type: string, body: object): Promise<void> {
    const response = await analyst.server.post(`/v1/${type}`, { body: JSON.stringify(body) });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ success: true });
  }
  const visit = (user: object, timestamp: string, messageId?: string): Promise<void> =>
    call('track', { event: 'visit', timestamp, ...(messageId && { messageId }), ...user });

  /** By rollups and by raw events, which must be the same. */
  async function users(day: string, filters: unknown[] = []): Promise<unknown> {
    const range = [`${day}T00:00:00Z`, `${day}T23:59:00Z`];
    const query = { metrics: ['unique_users'], date_range: range, filters };
    const { totals } = await analyst.ask(query);
    const raw = await analyst.ask({ ...query, filters: [...filters, RAW] });
    expect(raw.totals).toEqual(totals);
    return totals['unique_users'];
  }
  async function personOf(id: string): Promise<string> {
    const path = `/analytics/users/${encodeURIComponent(id)}?kind=anonymous`;
    const { id: person, kind } = (await (await analyst.server.get(path)).json()) as {
      id: string;
      kind: string;
    };
    return `${kind} ${person}`;
  }
  async function refusals(ids: string): Promise<unknown[]> {
    const { rows } = await analyst.client.query(
      `SELECT one.id AS from, other.id AS into, reason, times FROM merge_refusals
       JOIN users AS one ON one.seq = from_seq JOIN users AS other ON other.seq = into_seq
       WHERE other.id LIKE $1 ORDER BY one.id, other.id`,
      [ids],
    );
    return rows;
  }
  const undo = (anonymous: string): Promise<unknown> =>
    analyst.client.query(
      `SELECT undo_merge(merges.id, 'test') FROM merges JOIN users ON seq = anonymous_seq
       WHERE users.id = $1 AND undone_at IS NULL`,
      [anonymous],
    );

  it('change the figures of all windows at once, and so does the undoing', async () => {
    await visit({ anonymousId: 'w-1' }, '2026-03-01T10:00:00Z');
    await visit({ anonymousId: 'w-2' }, '2026-03-01T11:00:00Z');
    await visit({ userId: 'w-ada' }, '2026-03-01T12:00:00Z');
    await analyst.fold();
    expect(await users('2026-03-01')).toBe(3);
    await call('identify', {
      userId: 'w-ada',
      anonymousId: 'w-1',
      timestamp: '2026-03-09T10:00:00Z',
    });
    expect(await users('2026-03-01')).toBe(2);
    await call('alias', { userId: 'w-ada', previousId: 'w-2', timestamp: '2026-03-09T10:00:00Z' });
    expect(await users('2026-03-01')).toBe(1);
    await undo('w-1');
    expect(await users('2026-03-01')).toBe(2);
    expect(await personOf('w-1')).toBe('anonymous w-1');
    expect(await personOf('w-2')).toBe('known w-ada');
  });

  it('are their person with events that come afterwards, however old these are', async () => {
    await visit({ userId: 'l-ada' }, '2026-03-02T12:00:00Z');
    await call('identify', {
      userId: 'l-ada',
      anonymousId: 'l-1',
      timestamp: '2026-03-09T10:00:00Z',
    });
    await visit({ anonymousId: 'l-1' }, '2026-03-02T10:00:00Z');
    await visit({ anonymousId: 'l-1' }, '2026-03-02T13:00:00Z');
    expect(await users('2026-03-02')).toBe(1);
    await analyst.fold();
    expect(await users('2026-03-02')).toBe(1);
  });

  it('stay undone when the call that merged them is retried, and not when another comes', async () => {
    const identify = {
      userId: 'r-ada',
      anonymousId: 'r-1',
      timestamp: '2026-03-03T10:00:00Z',
      messageId: 'r-1',
      traits: { plan: 'pro' },
    };
    await call('identify', identify);
    expect(await personOf('r-1')).toBe('known r-ada');
    await undo('r-1');
    await call('identify', identify);
    expect(await personOf('r-1')).toBe('anonymous r-1');
    await call('identify', { ...identify, messageId: 'r-2' });
    expect(await personOf('r-1')).toBe('known r-ada');
    const { rows } = await analyst.client.query(
      `SELECT undone_by FROM merges JOIN users ON seq = anonymous_seq
       WHERE users.id = 'r-1' ORDER BY merges.id`,
    );
    expect(rows).toEqual([{ undone_by: 'test' }, { undone_by: null }]);
  });

  it('make neither chains nor circles, and no two known users one', async () => {
    const at = { timestamp: '2026-03-04T10:00:00Z' };
    await call('alias', { userId: 'c-b', previousId: 'c-a', ...at });
    await call('alias', { userId: 'c-c', previousId: 'c-b', ...at });
    await call('alias', { userId: 'c-a', previousId: 'c-c', ...at });
    await call('alias', { userId: 'c-b', previousId: 'c-b', ...at });
    await call('alias', { userId: 'c-c', previousId: 'c-a', ...at });
    // c-a is an id of both kinds by now; the anonymous one belongs to c-b.
    expect(await refusals('c-%')).toEqual([
      { from: 'c-a', into: 'c-c', reason: 'belongs_to_another', times: 1 },
      { from: 'c-b', into: 'c-b', reason: 'itself', times: 1 },
      { from: 'c-b', into: 'c-c', reason: 'both_known', times: 1 },
      { from: 'c-c', into: 'c-a', reason: 'both_known', times: 1 },
    ]);
    expect(await personOf('c-a')).toBe('known c-b');
    expect(await users('2026-03-04')).toBe(3);
  });

  it.each([
    ['each by a request of its own', 1],
    ['several in each request', 4],
  ])('belong to exactly one of many people who claim them at once, %s', async (_, inRequest) => {
    const prefix = `race${inRequest}-`;
    const claims = Array.from({ length: RACERS }, (_one, index) => ({
      type: 'identify',
      userId: `${prefix}${index}`,
      anonymousId: `${prefix}device`,
      timestamp: '2026-03-05T10:00:00Z',
    }));
    await visit({ anonymousId: `${prefix}device` }, '2026-03-06T10:00:00Z');
    const requests = Array.from({ length: RACERS / inRequest }, (_one, index) =>
      claims.slice(index * inRequest, (index + 1) * inRequest),
    );
    await Promise.all(requests.map((batch) => call('batch', { batch })));
    const winner = (await personOf(`${prefix}device`)).replace('known ', '');
    expect(winner).toMatch(new RegExp(`^${prefix}\\d+$`));
    const others = claims.map(({ userId }) => userId).filter((id) => id !== winner);
    expect(await refusals(`${prefix}%`)).toEqual(
      others.toSorted().map((into) => ({
        from: `${prefix}device`,
        into,
        reason: 'belongs_to_another',
        times: 1,
      })),
    );
    const { rows } = await analyst.client.query<{ count: string }>(
      `SELECT count(*) FROM merges JOIN users ON seq = anonymous_seq WHERE users.id = $1`,
      [`${prefix}device`],
    );
    expect(rows).toEqual([{ count: '1' }]);
  });

  it('come one after the other where many are merged into one person at once', async () => {
    const ids = Array.from({ length: RACERS }, (_, index) => `m-${index}`);
    await Promise.all(
      ids.map((anonymousId, index) =>
        call('identify', {
          userId: 'm-ada',
          anonymousId,
          timestamp: '2026-03-07T10:00:00Z',
          traits: { [`t${index}`]: index },
        }),
      ),
    );
    await Promise.all(ids.map((anonymousId) => visit({ anonymousId }, '2026-03-07T11:00:00Z')));
    expect(await users('2026-03-07')).toBe(1);
    const shown = (await (await analyst.server.get('/analytics/users/m-ada')).json()) as {
      traits: object;
      identities: unknown[];
      events: number;
    };
    expect(Object.keys(shown.traits)).toHaveLength(RACERS);
    expect(shown.identities).toHaveLength(RACERS + 1);
    expect(shown.events).toBe(2 * RACERS);
  });

  it('bring their traits to the person, whose own count over them, and take them back', async () => {
    const day = '2026-03-08';
    const at = (hour: number) => ({ timestamp: `${day}T0${hour}:00:00Z` });
    await call('identify', { anonymousId: 't-1', traits: { plan: 'free', os: 'a' }, ...at(1) });
    await call('identify', { userId: 't-ada', traits: { name: 'Ada' }, ...at(1) });
    const by = (name: string, value: string): Promise<unknown> =>
      users(day, [['is', `trait:${name}`, [value]]]);
    const byPlan = async (): Promise<unknown[][]> => {
      const asked = { metrics: ['unique_users'], dimensions: ['trait:plan'] };
      const query = { ...asked, date_range: [day, '2026-03-09'], order_by: ['trait:plan'] };
      const rows = await analyst.rows(query);
      expect(await analyst.rows({ ...query, filters: [RAW] })).toEqual(rows);
      return rows;
    };
    expect(await byPlan()).toEqual([
      ['free', 1],
      [null, 1],
    ]);
    await call('identify', { userId: 't-ada', anonymousId: 't-1', ...at(2) });
    expect(await byPlan()).toEqual([['free', 1]]);
    expect([await by('plan', 'free'), await by('os', 'a'), await by('name', 'Ada')]).toEqual([
      1, 1, 1,
    ]);
    await call('identify', { userId: 't-ada', traits: { plan: 'pro' }, ...at(3) });
    // Later, and still not the person's own.
    await call('identify', { anonymousId: 't-1', traits: { plan: 'team', os: 'b' }, ...at(4) });
    expect([await byPlan(), await by('os', 'b'), await by('os', 'a')]).toEqual([
      [['pro', 1]],
      1,
      0,
    ]);
    // What the person has no more isn't brought back by what the browser said before.
    await call('identify', { userId: 't-ada', traits: { plan: null }, ...at(5) });
    expect(await byPlan()).toEqual([[null, 1]]);
    await undo('t-1');
    expect(await byPlan()).toEqual([
      ['team', 1],
      [null, 1],
    ]);
    expect([await by('os', 'b'), await by('name', 'Ada')]).toEqual([1, 1]);
  });
});
