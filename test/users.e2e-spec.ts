import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { moveHorizon } from '../src/rollup/horizon.js';
import { Analyst } from './support/analyst.js';

interface Person {
  id: string;
  kind: string;
  traits: Record<string, unknown>;
  created_at: string;
}

interface User extends Person {
  first_seen: string | null;
  last_seen: string | null;
  events: number;
  counts: Record<string, number>;
  counts_omitted?: number;
  identities: (Person & { merge?: number; since?: string; merged_by?: string })[];
  groups: { id: string; traits: object; since: string }[];
  recent: Record<string, unknown>[];
  raw_from?: string;
}

const MOMENT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

describe('a person', () => {
  let analyst: Analyst;
  beforeAll(async () => {
    analyst = await Analyst.start();
    await send('batch', {
      batch: [
        { type: 'track', event: 'visit', anonymousId: 'phone', timestamp: '2026-03-01T10:00:00Z' },
        {
          type: 'identify',
          anonymousId: 'phone',
          traits: { plan: 'free', big: '12345678901234567890' },
          timestamp: '2026-03-01T10:01:00Z',
        },
        {
          type: 'identify',
          userId: 'ada',
          anonymousId: 'phone',
          traits: { plan: 'pro' },
          timestamp: '2026-03-01T10:02:00Z',
        },
        {
          type: 'group',
          anonymousId: 'laptop',
          groupId: 'acme',
          timestamp: '2026-03-01T09:00:00Z',
        },
        {
          type: 'group',
          userId: 'ada',
          groupId: 'acme',
          traits: { name: 'Acme' },
          timestamp: '2026-03-02T09:00:00Z',
        },
        { type: 'alias', userId: 'ada', previousId: 'laptop', timestamp: '2026-03-02T09:01:00Z' },
        { type: 'track', event: 'visit', anonymousId: 'ada', timestamp: '2026-03-05T10:00:00Z' },
        { type: 'track', event: 'visit', userId: 'a/b %2F?#é', timestamp: '2026-03-05T10:00:00Z' },
      ],
    });
    await analyst.record([
      { time: '2026-03-03T10:00:00.250Z', user: 'laptop', kind: 'anonymous', bot: true },
    ]);
  });
  afterAll(() => analyst.stop());

  async function send(path: string, body: object): Promise<void> {
    const response = await analyst.server.post(`/v1/${path}`, { body: JSON.stringify(body) });
    expect(await response.json()).toEqual({ success: true });
  }
  async function user(path: string): Promise<User> {
    const response = await analyst.server.get(`/analytics/users/${path}`);
    expect(response.status).toBe(200);
    return (await response.json()) as User;
  }

  it('is shown with everyone who they are, and all that these did', async () => {
    const ada = await user('ada');
    expect(ada).toEqual({
      id: 'ada',
      kind: 'known',
      traits: { plan: 'pro', big: '12345678901234567890' },
      created_at: MOMENT,
      first_seen: '2026-03-01T09:00:00.000Z',
      last_seen: '2026-03-03T10:00:00.250Z',
      events: 7,
      counts: { group: 2, identify: 2, alias: 1, click: 1, visit: 1 },
      identities: [
        { kind: 'known', id: 'ada', traits: { plan: 'pro' }, created_at: MOMENT },
        {
          kind: 'anonymous',
          id: 'phone',
          traits: { plan: 'free', big: '12345678901234567890' },
          created_at: MOMENT,
          merge: expect.any(Number),
          since: MOMENT,
          merged_by: 'POST /v1/batch',
        },
        {
          kind: 'anonymous',
          id: 'laptop',
          traits: {},
          created_at: MOMENT,
          merge: expect.any(Number),
          since: MOMENT,
          merged_by: 'POST /v1/batch',
        },
      ],
      groups: [{ id: 'acme', traits: { name: 'Acme' }, since: '2026-03-01T09:00:00.000Z' }],
      recent: expect.any(Array),
    });
    expect(ada.recent).toHaveLength(7);
    expect(ada.recent[0]).toEqual({
      timestamp: '2026-03-03T10:00:00.250Z',
      user: 'laptop',
      anonymous: true,
      person: 'ada',
      event: 'click',
      id: expect.any(String),
      source: 'default',
      bot: true,
    });
    const listed = await analyst.get('events?bots=include');
    const theirs = listed.results.filter(({ user: id, person }) => (person ?? id) === 'ada');
    expect(ada.recent).toEqual(theirs.filter(({ anonymous, person }) => !anonymous || person));
    expect((await user('ada?limit=2')).recent).toEqual(ada.recent.slice(0, 2));
  });

  it('is who an anonymous user was merged into; others are themselves, be their ids the same', async () => {
    expect(await user('phone?kind=anonymous')).toEqual(await user('ada'));
    expect(await user('ada?kind=anonymous')).toMatchObject({
      id: 'ada',
      kind: 'anonymous',
      events: 1,
      identities: [{ kind: 'anonymous', id: 'ada' }],
      groups: [],
    });
    const [, phone] = (await user('ada')).identities;
    await analyst.client.query(`SELECT undo_merge($1, 'test')`, [phone!.merge]);
    expect(await user('phone?kind=anonymous')).toMatchObject({
      id: 'phone',
      kind: 'anonymous',
      events: 2,
      traits: { plan: 'free' },
    });
    expect(await user('ada')).toMatchObject({ events: 5, traits: { plan: 'pro' } });
    await analyst.merge('phone', 'ada');
    expect(await user('ada')).toMatchObject({ events: 7 });
  });

  it('is found by an id of any characters', async () => {
    expect(await user(encodeURIComponent('a/b %2F?#é'))).toMatchObject({ id: 'a/b %2F?#é' });
  });

  it('may have no event, and more names than are told', async () => {
    await analyst.client.query(`SELECT resolve_users(ARRAY['new'])`);
    expect(await user('new')).toMatchObject({
      first_seen: null,
      last_seen: null,
      events: 0,
      counts: {},
      recent: [],
    });
    const names = Array.from({ length: 103 }, (_, index) => `n${String(index).padStart(3, '0')}`);
    await analyst.record(
      [...names, 'n102'].map((event) => ({ time: '2026-03-04T10:00:00Z', user: 'busy', event })),
    );
    const { counts, counts_omitted: omitted, events } = await user('busy');
    expect([events, omitted, Object.keys(counts).length]).toEqual([104, 3, 100]);
    expect(Object.entries(counts)[0]).toEqual(['n102', 2]);
  });

  it.each([
    ['nobody', 404, { code: 'unknown_user', message: expect.stringMatching(/kind=anonymous/) }],
    ['busy?kind=anonymous', 404, { code: 'unknown_user' }],
    ['phone', 404, { code: 'unknown_user' }],
    ['a%00', 404, { code: 'unknown_user' }],
    ['ada?kind=x', 400, { code: 'invalid_query', path: 'kind' }],
    ['ada?limit=1001', 400, { code: 'invalid_query', path: 'limit' }],
    ['ada?limit=1&limit=2', 400, { code: 'invalid_query', path: 'limit' }],
    ['ada?x=1', 400, { path: 'x', message: 'x: is no field; accepted are kind, limit' }],
  ])('%s is answered %d', async (path, status, answer) => {
    const response = await analyst.server.get(`/analytics/users/${path}`);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ statusCode: status, ...answer });
  });

  it('says from when on raw events are kept, where some are gone', async () => {
    await analyst.fold();
    await moveHorizon(analyst.client, Date.parse('2026-03-02T00:00:00Z') / 60_000);
    await analyst.client.query('DELETE FROM events USING horizon WHERE time < raw_from');
    expect(await user('ada')).toMatchObject({
      events: 3,
      raw_from: '2026-03-02T00:00:00.000Z',
      first_seen: '2026-03-02T09:00:00.000Z',
    });
  });
});

describe.each([
  ['among the next users', 1],
  ['by the index of traits', 1_000_000],
])('people, looked for %s,', (_where, firstSeq) => {
  let analyst: Analyst;
  beforeAll(async () => {
    analyst = await Analyst.start();
    await analyst.client.query(`ALTER TABLE users ALTER COLUMN seq RESTART WITH ${firstSeq}`);
    await analyst.client.query(
      `INSERT INTO users (kind, id, traits) VALUES
        ('known', 'ada', '{"plan": "pro", "age": 30.0, "a[b]=&c": "x y"}'),
        ('known', 'bob', '{"plan": "free", "age": "30", "tags": ["x", "y"]}'),
        ('anonymous', 'phone', '{"plan": "free", "device": "phone"}'),
        ('anonymous', 'ada', '{"plan": true, "big": 12345678901234567890}'),
        ('known', 'eve', '{}'),
        ('known', 'dan', '{"plan": null, "age": 31}')`,
    );
    await analyst.client.query('SELECT apply_identities($1, $2)', [
      [firstSeq],
      ['{"anonymous": "phone", "at": 0, "by": "test"}'],
    ]);
  });
  afterAll(() => analyst.stop());

  const idsOf = (results: unknown[]): string[] =>
    (results as Person[]).map(({ id, kind }) => (kind === 'anonymous' ? `${id}?` : id));
  const find = async (search: string): Promise<string[]> =>
    idsOf((await analyst.get(`users?${search}`)).results);
  const filter = (...filters: unknown[]): string =>
    `filters=${encodeURIComponent(JSON.stringify(filters))}`;

  it('are listed, but for anonymous users who are part of another', async () => {
    const { results } = await analyst.get('users');
    expect(results[0]).toEqual({
      id: 'ada',
      kind: 'known',
      traits: { plan: 'pro', age: 30, 'a[b]=&c': 'x y', device: 'phone' },
      created_at: MOMENT,
    });
    expect(idsOf(results)).toEqual(['ada', 'bob', 'ada?', 'eve', 'dan']);
    expect(await find('kind=anonymous')).toEqual(['ada?']);
    expect(await find('kind=known')).toEqual(['ada', 'bob', 'eve', 'dan']);
  });

  it.each([
    ['trait:plan=pro', ['ada']],
    ['trait:plan=free', ['bob']],
    // An alias's trait counts for the person.
    ['trait:device=phone', ['ada']],
    ['trait:plan=true', ['ada?']],
    ['trait:plan=pro&trait:age=30', ['ada']],
    ['trait:age=30', ['ada', 'bob']],
    ['trait:age=30.0', ['ada', 'bob']],
    ['trait:age=31&kind=anonymous', []],
    ['trait:tags=%5B%22x%22%2C%20%22y%22%5D', ['bob']],
    ['trait:big=12345678901234567890', ['ada?']],
    ['trait:plan=null', []],
    ['trait:plan=', []],
    [`trait:${encodeURIComponent('a[b]=&c')}=x+y`, ['ada']],
    [filter(['is', 'trait:plan', ['pro', 'free']]), ['ada', 'bob']],
    [filter(['is', 'trait:plan', [true, 5, 'x']]), ['ada?']],
    [filter(['is', 'trait:age', [30]]), ['ada', 'bob']],
    [
      filter(['is', 'trait:age', Array.from({ length: 25 }, (_, index) => index + 7)]),
      ['ada', 'bob', 'dan'],
    ],
    [filter(['is', 'trait:plan', [null]]), ['eve', 'dan']],
    [filter(['not', ['exists', 'trait:plan']]), ['eve', 'dan']],
    [filter(['exists', 'trait:age'], ['matches', 'trait:plan', ['f*']]), ['bob']],
    [filter(['contains', 'trait:tags', ['y']]), ['bob']],
    [
      filter([
        'or',
        [
          ['is', 'trait:plan', 'pro'],
          ['is', 'trait:age', 31],
        ],
      ]),
      ['ada', 'dan'],
    ],
    [`trait:age=30&${filter(['is_not', 'trait:plan', 'pro'])}`, ['bob']],
  ])('are found by %s', async (search, ids) => {
    expect(await find(search)).toEqual(ids);
  });

  it('are found as queries count them', async () => {
    await analyst.record(
      ['ada', 'bob', 'dan', 'eve'].map((user) => ({ time: '2026-03-01T10:00:00Z', user })),
    );
    for (const values of [['pro'], ['free'], [30], ['30'], [null], [true]]) {
      for (const name of ['plan', 'age']) {
        const filters = [['is', `trait:${name}`, values]];
        const asked = { metrics: ['unique_users'], date_range: ['2026-03-01', '2026-03-02'] };
        const { totals } = await analyst.ask({ ...asked, filters });
        expect(totals['unique_users']).toBe(
          (await find(`kind=known&${filter(...filters)}`)).length,
        );
      }
    }
  });

  it('come in pages, each of them once, and as CSV', async () => {
    const seen: string[] = [];
    let cursor = '';
    do {
      const response = await analyst.server.get(`/analytics/users?limit=2&format=csv${cursor}`);
      expect(response.headers.get('Content-Type')).toMatch(/^text\/csv/);
      const rows = parse<Record<string, string>>(await response.text(), { columns: true });
      seen.push(...rows.map(({ id }) => id!));
      expect(() => JSON.parse(rows[0]!['traits']!)).not.toThrow();
      const next = response.headers.get('X-Next-Cursor');
      cursor = next === null ? '' : `&cursor=${next}`;
    } while (cursor !== '');
    expect(seen).toEqual(['ada', 'bob', 'ada', 'eve', 'dan']);
    expect((await analyst.get('users?limit=5')).meta.next_cursor).toBeNull();
  });

  it.each([
    ['plan=pro', 'plan', 'is no field; accepted are trait:<name>, kind, filters, limit'],
    ['trait:=x', 'trait:', 'a name of 1 to 255 characters'],
    ['trait:plan=pro&trait:plan=free', 'trait:plan', 'must be given once'],
    [`trait:plan=${'x'.repeat(1_001)}`, 'trait:plan', 'at most 1000 characters'],
    ['kind=both', 'kind', 'must be known or anonymous'],
    ['limit=0', 'limit', 'whole number from 1 to 1000'],
    ['limit=1e3', 'limit', 'whole number from 1 to 1000'],
    ['cursor=x', 'cursor', 'must be the next_cursor of an answer'],
    ['filters=x', 'filters', 'must be a list of filters'],
    [filter(['is', 'event', 'x']), 'filters[0]', 'must look at trait:<name> alone'],
    [filter(['is', 'trait:a', []]), 'filters[0][2]', 'must be a list of 1 to 1000 values'],
    ['format=xml', 'format', 'must be json or csv'],
  ])('are refused by %s', async (search, path, message) => {
    const response = await analyst.server.get(`/analytics/users?${search}`);
    expect(await response.json()).toMatchObject({
      statusCode: 400,
      code: 'invalid_query',
      path,
      message: expect.stringContaining(message),
    });
  });
});
