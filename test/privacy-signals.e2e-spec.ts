import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startApplication, type TestApplication } from './support/application.js';
import { holdsText } from './support/holds-text.js';
import { forgetCalls } from './support/segment.js';

const TIME = '2026-11-24T09:30:00.250Z';
/** Stands wherever a request can say whose it is. */
const PERSON = 'person-4711';
const TEXT = { 'Content-Type': 'text/plain' };
const JSON_TYPE = { 'Content-Type': 'application/json' };

const OWN = { timestamp: TIME, user: PERSON, event: 'click' };
const IDS = {
  userId: PERSON,
  anonymousId: PERSON,
  timestamp: TIME,
  properties: { colour: 'red' },
  traits: { email: PERSON },
  previousId: PERSON,
  groupId: PERSON,
  context: {
    traits: { email: PERSON },
    ip: PERSON,
    device: { id: PERSON },
    locale: 'de-DE',
    page: { path: '/x' },
  },
};
const segment = (type: string): object => ({ ...IDS, type, event: 'click', messageId: type });
const TYPES = ['track', 'identify', 'page', 'screen', 'alias', 'group'];
const POSTHOG = {
  distinct_id: PERSON,
  timestamp: TIME,
  $set: { email: PERSON },
  $set_once: { email: PERSON },
  properties: {
    colour: 'red',
    distinct_id: PERSON,
    alias: PERSON,
    $browser: 'Chrome',
    $device_id: PERSON,
    $user_id: PERSON,
    $session_id: PERSON,
    $window_id: PERSON,
    $anon_distinct_id: PERSON,
    $set: { email: PERSON },
    $set_once: { email: PERSON },
    $groups: { company: PERSON },
    $group_type: 'company',
    $group_key: PERSON,
    $group_set: { name: PERSON },
    $ip: PERSON,
  },
};
const POSTHOG_EVENTS = ['click', '$identify', '$create_alias', '$groupidentify', '$pageview'];
const posthogs = POSTHOG_EVENTS.map((event) => Object.assign({ event }, POSTHOG));

/** Each way in that a browser can use: its path, what it sends, and how many events that is. */
const WAYS: [string, Record<string, string>, string | undefined, number][] = [
  [`/analytics?timestamp=${TIME}&user=${PERSON}&event=click`, {}, undefined, 1],
  ['/analytics', TEXT, JSON.stringify(OWN), 1],
  ['/analytics/batch', JSON_TYPE, JSON.stringify([{ ...OWN, id: 'i-1', anonymous: true }]), 1],
  ['/analytics/batch', { 'Content-Type': 'application/x-ndjson' }, `${JSON.stringify(OWN)}\n`, 1],
  ...TYPES.map((type): [string, Record<string, string>, string, number] => [
    `/v1/${type}`,
    TEXT,
    JSON.stringify(segment(type)),
    1,
  ]),
  ['/v1/batch', TEXT, JSON.stringify({ batch: TYPES.map(segment) }), 6],
  ['/v1/b', TEXT, JSON.stringify({ context: IDS.context, batch: TYPES.map(segment) }), 6],
  ['/batch/', JSON_TYPE, JSON.stringify({ batch: posthogs }), 5],
  ['/i/v0/e/', JSON_TYPE, JSON.stringify(posthogs[0]), 1],
  ['/analytics.js', TEXT, JSON.stringify({ batch: TYPES.map(segment) }), 6],
];

/** Each way in again, with something that is refused. */
const REFUSED: [string, Record<string, string>, string][] = [
  [`/analytics?user=${PERSON}&event=other`, {}, ''],
  ['/analytics/batch', JSON_TYPE, JSON.stringify([{ ...OWN, email: PERSON }])],
  ['/analytics/batch', JSON_TYPE, JSON.stringify([{ ...OWN, properties: 'x'.repeat(1.1e6) }])],
  ['/analytics/batch', { 'Content-Type': 'application/x-ndjson' }, `{"user":"${PERSON}"`],
  ['/v1/track', TEXT, JSON.stringify({ ...IDS, event: 7 })],
  ['/v1/batch', TEXT, JSON.stringify({ batch: [PERSON] })],
  ['/v1/batch', TEXT, JSON.stringify({ batch: [{ type: 'other', properties: { a: PERSON } }] })],
  ['/v1/track', TEXT, JSON.stringify({ properties: { a: `${PERSON} ${'x'.repeat(40_000)}` } })],
  ['/analytics.js', TEXT, JSON.stringify({ batch: [[PERSON]] })],
  ['/analytics.js', TEXT, JSON.stringify({ batch: [{ type: 'track', event: [PERSON] }] })],
  ['/batch/', JSON_TYPE, JSON.stringify({ batch: [{ ...POSTHOG, event: 7 }] })],
  ['/batch/', JSON_TYPE, JSON.stringify({ batch: [PERSON] })],
  ['/batch/', JSON_TYPE, JSON.stringify({ batch: [{ event: 7, properties: { a: PERSON } }] })],
];

const SIGNALS: [string, Record<string, string>][] = [
  ['Sec-GPC', { 'Sec-GPC': '1' }],
  ['DNT', { DNT: '1' }],
];

describe('who asks not to be followed', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());
  afterEach(() => forgetCalls(server.dataSource));

  async function storedProperties(): Promise<{ user_seq: number; properties: object | null }[]> {
    return await server.dataSource.query('SELECT user_seq, properties FROM events ORDER BY id');
  }

  describe.each(SIGNALS)('by %s', (_, signal) => {
    it.each(WAYS)(
      '%s %j %s: %i events are stored, and nobody’s',
      async (path, type, body, count) => {
        const response = await server.post(path, {
          headers: { ...type, ...signal },
          ...(body !== undefined && { body }),
        });
        expect(response.ok).toBe(true);
        expect(response.headers.get('X-Analytics-Rejected')).toBeNull();
        const events = await storedProperties();
        expect(events.map(({ user_seq }) => user_seq)).toEqual(Array(count).fill(0));
        expect(await holdsText(server.dataSource, PERSON)).toEqual([]);
      },
    );

    it.each(REFUSED)(
      '%s %j: what is refused leaves nothing of them in the log',
      async (path, type, body) => {
        const { counts: before } = await rejections();
        await server.post(path, { headers: { ...type, ...signal }, body });
        const { counts, ...log } = await rejections();
        expect(JSON.stringify(log)).not.toContain(PERSON);
        expect(sum(counts)).toBe(sum(before) + 1);
        expect(await holdsText(server.dataSource, PERSON)).toEqual([]);
      },
    );
  });

  async function rejections(): Promise<{ counts: Record<string, number> }> {
    return (await (await server.get('/analytics/rejections')).json()) as {
      counts: Record<string, number>;
    };
  }

  it('keeps what says nothing of them', async () => {
    const headers = { 'Sec-GPC': '1' };
    await server.post('/v1/track', { headers, body: JSON.stringify(segment('track')) });
    await server.post('/i/v0/e', { headers, body: JSON.stringify(posthogs[0]) });
    const stored = (await storedProperties()).map(({ properties }) => properties);
    expect(stored).toHaveLength(2);
    expect(stored).toEqual(
      expect.arrayContaining([
        { colour: 'red', context: { locale: 'de-DE', page: { path: '/x' } } },
        { colour: 'red', $browser: 'Chrome' },
      ]),
    );
  });

  it('needs no user, and is counted among events alone', async () => {
    const opted = { headers: { 'Sec-GPC': '1' } };
    await server.post('/analytics?timestamp=1224567990&event=click', opted);
    await server.post('/analytics?timestamp=1224567991&event=click', opted);
    await server.post('/analytics?timestamp=1224567992&event=click&user=3');
    const report = await server.get('/analytics?timestamp=1224567999');
    expect(await report.text()).toBe('unique_users,1\nclicks,3\nimpressions,0\n');
  });

  it('isn’t who imports a file: it holds what others have done', async () => {
    const body = 'timestamp,user,event\n1224567990,imported,click\n';
    const headers = { 'Content-Type': 'text/csv', 'Sec-GPC': '1', DNT: '1' };
    const response = await server.post('/analytics/import', { headers, body });
    expect(await response.json()).toMatchObject({ stored: 1 });
    expect(await holdsText(server.dataSource, 'imported')).toEqual(['users']);
  });

  it.each(['1, 1', '1,0'])('is meant by Sec-GPC: %s, too', async (value) => {
    const headers = { 'Sec-GPC': value };
    await server.post(`/analytics?user=${PERSON}&event=click`, { headers });
    expect(await holdsText(server.dataSource, PERSON)).toEqual([]);
  });

  it('is one event however often it is sent', async () => {
    for (let tries = 0; tries < 2; tries += 1) {
      const body = JSON.stringify(segment('track'));
      await server.post('/v1/track', { headers: { DNT: '1' }, body });
    }
    expect(await server.countEvents()).toBe(1);
  });

  it.each([
    ['u-1', { 'Sec-GPC': '0' }],
    ['u-2', { DNT: '0' }],
    ['u-3', { DNT: 'null' }],
    ['u-4', { 'Sec-GPC': '10' }],
  ])('%s isn’t among them with %j', async (user, headers) => {
    await server.post(`/analytics?user=${user}&event=click`, { headers });
    expect(await holdsText(server.dataSource, user)).toEqual(['users']);
  });
});

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
