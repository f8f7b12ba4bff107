import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Analyst } from './support/analyst.js';

const CHROME =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36';
const GOOGLEBOT = 'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)';
const FROM_PAGE = { Origin: 'https://shop.example.com' };
const TIME = '2026-03-01T10:00:00Z';

/** Sends one event of a user of its own; `agent` is the request's. */
interface Sent {
  user: string;
  agent: string;
  headers?: Record<string, string>;
}

function request(
  path: string,
  type: string,
  bodyOf: (user: string) => string,
): (analyst: Analyst, sent: Sent) => Promise<Response> {
  return ({ server }, { user, agent, headers }) =>
    server.post(path, {
      headers: { 'Content-Type': type, 'User-Agent': agent, ...headers },
      body: bodyOf(user),
    });
}

const original = request('/analytics', 'application/json', (user) =>
  JSON.stringify({ timestamp: TIME, user, event: 'click' }),
);
const beacon = request('/analytics', 'text/plain', (user) =>
  JSON.stringify({ timestamp: TIME, user, event: 'click' }),
);
const batch = request('/analytics/batch', 'application/json', (user) =>
  JSON.stringify([{ timestamp: TIME, user, event: 'click' }]),
);
const stream = request('/analytics/batch', 'application/x-ndjson', (user) =>
  JSON.stringify({ timestamp: TIME, user, event: 'click' }),
);
const tracker = request('/analytics.js', 'text/plain', (user) =>
  JSON.stringify({
    batch: [{ type: 'track', event: 'click', anonymousId: user, timestamp: TIME }],
  }),
);
const segment = (context: object | undefined) =>
  request('/v1/track', 'application/json', (user) =>
    JSON.stringify({ event: 'click', userId: user, timestamp: TIME, context }),
  );
const segmentBatch = (context: object | undefined, own?: object) =>
  request('/v1/batch', 'application/json', (user) =>
    JSON.stringify({
      batch: [{ type: 'track', event: 'click', userId: user, timestamp: TIME, context: own }],
      context,
    }),
  );
const posthog = (properties: object) =>
  request('/i/v0/e/', 'application/json', (user) =>
    JSON.stringify({
      api_key: 'any',
      distinct_id: user,
      event: 'click',
      timestamp: TIME,
      properties,
    }),
  );
const log = (userAgent: string) =>
  request(
    '/analytics/import?format=combined&site=example.com',
    'application/octet-stream',
    (user) => {
      const got = '"GET /a HTTP/1.1" 200 512 "-"';
      return `${user} - - [01/Mar/2026:10:00:00 +0000] ${got} "${userAgent}"\n`;
    },
  );

/** What is sent, by whom, and whether that is a bot's. */
const WAYS: [string, ReturnType<typeof request>, Omit<Sent, 'user'>, boolean][] = [
  // Who delivers events tells nothing of who caused them.
  ["curl's event", original, { agent: 'curl/8.5.0' }, false],
  ["a crawler's event, without a page", original, { agent: GOOGLEBOT }, false],
  ["a server's batch", batch, { agent: 'node' }, false],
  ["a server's stream", stream, { agent: 'python-requests/2.31.0' }, false],
  ["a server's call of Segment", segment(undefined), { agent: 'analytics-node/3.1.0' }, false],
  ["a server's batch of calls", segmentBatch(undefined), { agent: GOOGLEBOT }, false],
  ["a server's event of PostHog's", posthog({}), { agent: 'posthog-node/5.70.0' }, false],
  // A browser sends its own.
  ["a person's event", original, { agent: CHROME, headers: FROM_PAGE }, false],
  ["a crawler's event", original, { agent: GOOGLEBOT, headers: FROM_PAGE }, true],
  ["a crawler's beacon", beacon, { agent: GOOGLEBOT, headers: FROM_PAGE }, true],
  [
    "a crawler's beacon to its own origin",
    beacon,
    { agent: GOOGLEBOT, headers: { 'Sec-Fetch-Site': 'same-origin' } },
    true,
  ],
  ["a person's batch", batch, { agent: CHROME, headers: FROM_PAGE }, false],
  ["a crawler's batch", batch, { agent: GOOGLEBOT, headers: FROM_PAGE }, true],
  ["a crawler's stream", stream, { agent: GOOGLEBOT, headers: FROM_PAGE }, true],
  ["a crawler's call", segment(undefined), { agent: GOOGLEBOT, headers: FROM_PAGE }, true],
  ["a crawler's event of PostHog's", posthog({}), { agent: GOOGLEBOT, headers: FROM_PAGE }, true],
  ['what the tracker sends of a person', tracker, { agent: CHROME }, false],
  ['what the tracker sends of a crawler', tracker, { agent: GOOGLEBOT }, true],
  [
    'what the tracker sends of a browser without a window',
    tracker,
    { agent: CHROME.replace('Chrome/', 'HeadlessChrome/'), headers: FROM_PAGE },
    true,
  ],
  // What the event says counts over who sends it.
  [
    "a call of a person's browser by a crawler's page",
    segment({ userAgent: CHROME }),
    { agent: GOOGLEBOT, headers: FROM_PAGE },
    false,
  ],
  ["a call of a crawler's", segment({ userAgent: GOOGLEBOT }), { agent: 'node' }, true],
  ['a call whose agent is no text', segment({ userAgent: 7 }), { agent: 'node' }, false],
  ["a batch of a crawler's", segmentBatch({ userAgent: GOOGLEBOT }), { agent: 'node' }, true],
  [
    "a person's call in a batch of a crawler's",
    segmentBatch({ userAgent: GOOGLEBOT }, { userAgent: CHROME }),
    { agent: 'node' },
    false,
  ],
  ["a page of PostHog's", posthog({ $raw_user_agent: GOOGLEBOT }), { agent: 'node' }, true],
  ["a request of PostHog's", posthog({ $user_agent: GOOGLEBOT }), { agent: 'node' }, true],
  ["a person's page", posthog({ $raw_user_agent: CHROME }), { agent: 'node' }, false],
  // A file is others'.
  ["a log's line of a crawler", log(GOOGLEBOT), { agent: CHROME, headers: FROM_PAGE }, true],
  ["a log's line of a person", log(CHROME), { agent: GOOGLEBOT }, false],
  ["a log's line without agent", log('-'), { agent: GOOGLEBOT }, false],
];

describe('bots', () => {
  let analyst: Analyst;
  beforeAll(async () => (analyst = await Analyst.start()));
  afterAll(() => analyst.stop());

  const flagsOf = async (user: string): Promise<boolean[]> => {
    const { rows } = await analyst.client.query<{ bot: boolean }>(
      `SELECT bot FROM events JOIN users ON users.seq = user_seq WHERE users.id = $1`,
      [user],
    );
    return rows.map(({ bot }) => bot);
  };
  const flagOfNobodys = async (event: string): Promise<boolean[]> => {
    const { rows } = await analyst.client.query<{ bot: boolean }>(
      `SELECT bot FROM events JOIN event_names ON event_names.id = name_id
       WHERE event_names.name = $1 AND user_seq = 0`,
      [event],
    );
    return rows.map(({ bot }) => bot);
  };

  it.each(WAYS)('%s', async (name, send, sent, bot) => {
    const user = name.replaceAll(/[^a-z]/gi, '-');
    const response = await send(analyst, { user, ...sent });
    expect(response.status).toBeLessThan(300);
    expect(await flagsOf(user)).toEqual([bot]);
  });

  it('may be told by what was exported, or anyone knows', async () => {
    const line = (user: string, bot: unknown) => ({ timestamp: TIME, user, event: 'click', bot });
    const lines = [line('b-1', true), line('b-2', false), line('b-3', null), line('b-4', 'true')];
    await analyst.post('batch', lines);
    const csv = 'timestamp,user,event,bot\n2026-03-01,b-9,click,true\n';
    const file = `${csv.replace('2026-03-01,b-9', `${TIME},b-5`)}${TIME},b-6,click,\n`;
    const imported = await analyst.server.post('/analytics/import', {
      headers: { 'Content-Type': 'text/csv', 'Content-Encoding': 'gzip' },
      body: gzipSync(file),
    });
    expect(await imported.json()).toMatchObject({ stored: 2, rejected: 0 });
    const flags = await Promise.all(['b-1', 'b-2', 'b-3', 'b-4', 'b-5', 'b-6'].map(flagsOf));
    expect(flags.flat()).toEqual([true, false, false, true, true, false]);
  });

  it('whoever says it counts over the browser that sends it', async () => {
    const headers = { 'Content-Type': 'application/json', 'User-Agent': GOOGLEBOT, ...FROM_PAGE };
    const body = JSON.stringify([{ timestamp: TIME, user: 'b-7', event: 'click', bot: false }]);
    await analyst.server.post('/analytics/batch', { headers, body });
    expect(await flagsOf('b-7')).toEqual([false]);
  });

  it.each([1, 'yes', '', {}])('are never told by %j', async (bot) => {
    const answer = await analyst.post('batch', [
      { timestamp: TIME, user: 'b-8', event: 'click', bot },
    ]);
    expect(await answer.json()).toMatchObject({
      rejected: 1,
      receipts: [{ code: 'invalid_bot', message: 'bot must be true or false' }],
    });
  });

  it('are told of nobody, too, and the agent is not kept', async () => {
    const headers = { 'Sec-GPC': '1', 'User-Agent': GOOGLEBOT, ...FROM_PAGE };
    const json = { 'Content-Type': 'application/json', ...headers };
    const event = { timestamp: TIME, user: 'gone', event: 'nobody-batch' };
    await analyst.server.post('/analytics/batch', { headers: json, body: JSON.stringify([event]) });
    const call = { type: 'track', event: 'nobody-tracker', anonymousId: 'gone', timestamp: TIME };
    const body = JSON.stringify({ batch: [call] });
    await analyst.server.post('/analytics.js', { headers, body });
    const properties = { $user_agent: GOOGLEBOT };
    const sent = { api_key: 'any', distinct_id: 'gone', event: 'nobody-posthog', timestamp: TIME };
    await analyst.server.post('/i/v0/e/', {
      headers: { ...json, 'User-Agent': CHROME },
      body: JSON.stringify({ ...sent, properties }),
    });
    for (const name of ['nobody-batch', 'nobody-tracker', 'nobody-posthog']) {
      expect(await flagOfNobodys(name)).toEqual([true]);
    }
    const { rows } = await analyst.client.query(
      `SELECT 1 FROM events JOIN event_names ON event_names.id = name_id
       WHERE event_names.name LIKE 'nobody-%' AND properties::text LIKE '%Googlebot%'`,
    );
    expect(rows).toEqual([]);
  });

  it('are no other event: a retry by another agent changes nothing', async () => {
    const send = async (agent: string): Promise<unknown> => {
      const event = { timestamp: TIME, user: 'twice', event: 'click', id: 'twice-1' };
      const answer = await analyst.server.post('/analytics/batch', {
        headers: { 'Content-Type': 'application/json', 'User-Agent': agent, ...FROM_PAGE },
        body: JSON.stringify([event]),
      });
      return answer.json();
    };
    expect(await send(CHROME)).toMatchObject({ stored: 1 });
    expect(await send(GOOGLEBOT)).toMatchObject({ stored: 0, duplicates: 1 });
    expect(await flagsOf('twice')).toEqual([false]);
  });

  it('are told where duplicates, identities and the like take another way into the table', async () => {
    const event = (user: string) => ({
      timestamp: TIME,
      user,
      event: 'click',
      id: user,
      bot: true,
    });
    await analyst.post('batch', [event('way-1')]);
    await analyst.post('batch', [event('way-1'), event('way-2')]);
    await analyst.server.post('/v1/identify', {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({
        userId: 'way-3',
        timestamp: TIME,
        traits: { plan: 'pro' },
        context: { userAgent: GOOGLEBOT },
      }),
    });
    const flags = await Promise.all(['way-1', 'way-2', 'way-3'].map(flagsOf));
    expect(flags.flat()).toEqual([true, true, true]);
  });
});

const at = (time: string): string => `2026-05-10T${time}Z`;
const DAY = { date_range: ['2026-05-10', '2026-05-11'] };

describe.each([
  ['before folding', false],
  ['after folding', true],
])('answers %s leave bots out, and say so', (_, isFolded) => {
  let analyst: Analyst;
  beforeAll(async () => {
    analyst = await Analyst.start();
    if (!isFolded) await analyst.holdFolding(['2026-05-10']);
    await analyst.record([
      { time: at('10:00:00'), user: 'ada', properties: { plan: 'pro' } },
      { time: at('10:00:20'), user: 'crawler', bot: true, properties: { plan: 'pro' } },
      { time: at('10:00:30'), user: 'crawler', bot: true, event: 'impression' },
      { time: at('10:05:00'), user: 'crawler', bot: true, properties: { plan: 'free' } },
      { time: at('10:05:00'), bot: true },
      { time: at('10:06:00'), user: 'ada', event: 'impression' },
      { time: at('12:00:00'), user: 'bob' },
      // Of another day, which matters to who is new alone.
      { time: '2026-05-09T10:00:00Z', user: 'crawler', bot: true },
    ]);
    if (isFolded) await analyst.fold();
  });
  afterAll(() => analyst.stop());

  const QUERY = { metrics: ['events', 'unique_users'], ...DAY };

  it.each<[string, object, number[], number]>([
    ['of a day', {}, [3, 2], 4],
    ['to the second', { date_range: [at('10:00:20'), at('10:05:01')] }, [0, 0], 4],
    ['to the second, of less', { date_range: [at('10:00:21'), at('10:00:31')] }, [0, 0], 1],
    ['of one event', { filters: [['is', 'event', ['click']]] }, [2, 2], 3],
    ['by event', { dimensions: ['event'], filters: [['is', 'event', ['click']]] }, [2, 2], 3],
    ['of one source', { filters: [['is', 'source', ['shop']]] }, [0, 0], 0],
    ['of a property', { filters: [['exists', 'property:plan']] }, [1, 1], 2],
    ['by a property', { dimensions: ['property:plan'] }, [3, 2], 4],
    ['by hour', { dimensions: ['time:hour'] }, [3, 2], 4],
    ['by hour and property', { dimensions: ['time:hour', 'property:plan'] }, [3, 2], 4],
    ['of nothing', { date_range: ['2026-05-12', '2026-05-13'] }, [0, 0], 0],
  ])('%s', async (__, more, totals, bots) => {
    const answer = await analyst.ask({ ...QUERY, ...more });
    expect(Object.values(answer.totals)).toEqual(totals);
    expect(answer.meta['bot_events']).toBe(bots);
    const all = await analyst.ask({ ...QUERY, ...more, bots: 'include' });
    expect(all.totals['events']).toBe(totals[0]! + bots);
    expect(all.meta['bot_events']).toBe(0);
  });

  it('with new users, of which those before are none either', async () => {
    const asked = { metrics: ['new_users'], ...DAY };
    for (const filters of [[], [['not', ['is', 'property:plan', ['x']]]]]) {
      const answer = await analyst.ask({ ...asked, filters });
      expect(answer.totals).toEqual({ new_users: 2 });
      expect(answer.meta['bot_events']).toBe(4);
    }
  });

  it('as CSV by a header', async () => {
    const header = async (path: string, body: object): Promise<string | null> => {
      const answer = await analyst.post(`${path}?format=csv`, body);
      expect(answer.status).toBe(200);
      return answer.headers.get('X-Analytics-Bots-Excluded');
    };
    expect(await header('query', QUERY)).toBe('4');
    expect(await header('query', { ...QUERY, bots: 'include' })).toBeNull();
    expect(await header('retention', { period: 'day', ...DAY })).toBe('4');
    const steps = [{ event: 'impression' }, { event: 'click' }];
    expect(await header('funnel', { steps, within: '1h', ...DAY })).toBe('3');
    const listed = await analyst.server.get(
      '/analytics/events?format=csv&date_range=2026-05-10,2026-05-11',
    );
    expect(listed.headers.get('X-Analytics-Bots-Excluded')).toBe('4');
  });

  it('funnels, of those that are a step and somebody’s', async () => {
    const steps = [{ event: 'impression' }, { event: 'click' }];
    const asked = { steps, within: '1h', ...DAY };
    const answer = await analyst.ask(asked, 'funnel');
    expect(answer.totals).toMatchObject({ users: 1, converted: 0 });
    expect(answer.meta['bot_events']).toBe(3);
    const all = await analyst.ask({ ...asked, bots: 'include' }, 'funnel');
    expect(all.totals).toMatchObject({ users: 2, converted: 1 });
    expect(all.meta['bot_events']).toBe(0);
  });

  it('retention', async () => {
    const answer = await analyst.ask({ period: 'day', ...DAY }, 'retention');
    expect(answer.totals).toEqual({ size: 2 });
    expect(answer.meta['bot_events']).toBe(4);
    const all = await analyst.ask({ period: 'day', ...DAY, bots: 'include' }, 'retention');
    expect(all.meta['bot_events']).toBe(0);
  });

  it('raw events, of each page those that lie in it', async () => {
    let [path, bots] = ['events?limit=1&date_range=2026-05-10,2026-05-11', 0];
    const seen: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await analyst.get(`${path}${cursor && `&cursor=${cursor}`}`);
      seen.push(...page.results.map(({ user }) => user));
      bots += page.meta['bot_events'] as number;
      cursor = page.meta.next_cursor;
    }
    expect(seen).toEqual(['bob', 'ada', 'ada']);
    expect(bots).toBe(4);
    path = `events?date_range=2026-05-10,2026-05-11&filters=${encodeURIComponent('[["is","property:plan",["free"]]]')}`;
    expect((await analyst.get(path)).meta['bot_events']).toBe(1);
    expect((await analyst.get(`${path}&bots=include`)).meta['bot_events']).toBe(0);
  });

  it('the original endpoint counts them, and people are listed with theirs', async () => {
    const path = `/analytics?timestamp=${at('10:10:00')}`;
    expect(await (await analyst.server.get(path)).text()).toBe(
      'unique_users,2\nclicks,4\nimpressions,2\n',
    );
    const { results } = await analyst.get('users');
    expect(results.map(({ id }) => id)).toContain('crawler');
    expect(await analyst.get('users/crawler')).toMatchObject({ events: 4 });
  });
});
