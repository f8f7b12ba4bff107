import { randomUUID } from 'node:crypto';
import type { TestApplication } from './application.js';
import { until } from './poll.js';

const JSON_TYPE = { 'Content-Type': 'application/json' };

async function post(server: TestApplication, path: string, body: object): Promise<unknown> {
  const response = await server.post(path, { headers: JSON_TYPE, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

const DAYS = ['2025-12-31', '2026-03-01', '2026-03-02', '2026-03-03'];

/** Of some days: known users, anonymous ones, nobody, bots, sources and properties. */
function events(): object[] {
  return DAYS.flatMap((day) =>
    Array.from({ length: 60 }, (_, index) => ({
      id: `e-${day}-${index}`,
      timestamp: `${day}T${String(index % 24).padStart(2, '0')}:10:00.${100 + index}Z`,
      event: ['click', 'impression', 'signup', 'Promotion Clicked'][index % 4],
      ...(index % 7 === 0 ? {} : { user: `u-${index % 13}` }),
      ...(index % 5 === 0 && index % 7 !== 0 ? { anonymous: true } : {}),
      ...(index % 3 === 0 ? { source: 'shop' } : {}),
      properties: { path: `/p/${index % 6}`, price: index / 4 },
    })),
  );
}

/** All that can be stored; a second time it changes nothing. */
export async function sendOfAllKinds(server: TestApplication): Promise<void> {
  await post(server, '/analytics/batch', events());
  // Late, and without properties.
  await server.post('/analytics?timestamp=1774000000&user=u-1&event=click&id=late-1');
  await server.post('/analytics?user=u-1&event=purchase');
  const context = { userAgent: 'Googlebot/2.1 (+http://www.google.com/bot.html)' };
  const timestamp = '2026-03-02T12:00:00Z';
  const call = (type: string, body: object): Promise<unknown> =>
    post(server, `/v1/${type}`, { timestamp, context, ...body });
  await call('track', { messageId: 'm-1', userId: 'u-2', event: 'Crawled' });
  const traits = { plan: 'pro', seats: 12 };
  await call('identify', { messageId: 'm-2', userId: 'u-3', anonymousId: 'u-5', traits });
  await call('identify', { messageId: 'm-3', userId: 'u-4', anonymousId: 'u-5', traits: {} });
  await call('group', { messageId: 'm-4', userId: 'u-3', groupId: 'acme', traits: { size: 5 } });
  await server.get('/analytics/users/u-90', {
    method: 'PUT',
    headers: JSON_TYPE,
    body: JSON.stringify({ traits: { plan: 'free' } }),
  });
  await until(async () => {
    const answer = await server.get('/analytics/rejections');
    return ((await answer.json()) as { rejections: unknown[] }).rejections.length > 0;
  });
}

/** Of days that nobody writes any more. */
const SETTLED = ['2026-03-01', '2026-03-04'];

/** What is asked of a server, by path. */
const QUESTIONS: [string, object?][] = [
  ['/analytics?timestamp=2026-03-01T11:00:00Z'],
  ['/analytics?timestamp=2026-03-03T10:10:30Z&format=json'],
  // Below the horizon.
  ['/analytics?timestamp=2025-12-31T10:30:00Z&format=json'],
  ['/analytics/users/u-3'],
  ['/analytics/users/u-90'],
  ['/analytics/users?limit=50&trait:plan=pro'],
  ['/analytics/merges'],
  ['/analytics/merges/refused'],
  ['/analytics/rejections'],
  [`/analytics/events?date_range=${SETTLED.join(',')}&limit=1000`],
  ['/analytics/query', { metrics: ['events', 'unique_users'], date_range: SETTLED }],
  [
    '/analytics/query',
    {
      metrics: ['events', 'unique_users', 'new_users', 'clicks'],
      date_range: ['2025-12-30', '2026-03-04'],
      dimensions: ['time:day', 'event', 'source'],
      bots: 'include',
    },
  ],
  [
    '/analytics/query',
    {
      metrics: ['events', 'unique_users'],
      date_range: SETTLED,
      dimensions: ['property:path'],
      compare: 'previous_period',
    },
  ],
  [
    '/analytics/query',
    { metrics: ['unique_users'], date_range: SETTLED, dimensions: ['trait:plan'] },
  ],
  [
    '/analytics/funnel',
    { date_range: SETTLED, steps: [{ event: 'impression' }, { event: 'click' }], within: '2d' },
  ],
  ['/analytics/retention', { date_range: SETTLED, period: 'day' }],
];

/** What a server answers to all of them, but for what it took to do so. */
export async function everyAnswer(server: TestApplication): Promise<[string, unknown][]> {
  const answers: [string, unknown][] = [];
  for (const [path, body] of QUESTIONS) {
    const response = body
      ? await server.post(path, { headers: JSON_TYPE, body: JSON.stringify(body) })
      : await server.get(path);
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} ${JSON.stringify(body)}: ${text}`);
    const isJson = response.headers.get('Content-Type')?.startsWith('application/json');
    answers.push([path, isJson ? withoutCost(JSON.parse(text) as object) : text]);
  }
  return answers;
}

function withoutCost(answer: object): object {
  if (!('meta' in answer)) return answer;
  const { meta: _, ...rest } = answer;
  return rest;
}

/** Clients that go on until they are stopped. */
export interface Writing {
  /** Ids of events whose storage was acknowledged, in that order. */
  acknowledged: ReadonlySet<string>;
  /** @throws what went wrong meanwhile */
  stop(): Promise<void>;
}

const WRITERS = 3;
const BATCH = 20;
const FIRST_WEEK = Date.parse('2026-03-12T10:00:00Z');
const WEEK_MS = 7 * 86_400_000;
const WEEKS = 30;
/** So that new chunks are made all the time. */
const BATCHES_A_WEEK = 5;

/** Writes events of one week after the other, some of users who are new. */
export function keepWriting(server: TestApplication): Writing {
  const acknowledged = new Set<string>();
  const ending = new AbortController();
  let batches = 0;
  const nextBatch = (): { id: string }[] => {
    const week = Math.floor(batches / BATCHES_A_WEEK) % WEEKS;
    batches += 1;
    const timestamp = new Date(FIRST_WEEK + week * WEEK_MS).toISOString();
    return Array.from({ length: BATCH }, () => {
      const id = randomUUID();
      return { id, timestamp, user: `w-${id.slice(0, 2)}`, event: 'click' };
    });
  };
  const write = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      const batch = nextBatch();
      await post(server, '/analytics/batch', batch);
      for (const { id } of batch) acknowledged.add(id);
    }
  };
  const writers = Promise.all(Array.from({ length: WRITERS }, write));
  return {
    acknowledged,
    stop: async () => {
      ending.abort();
      await writers;
    },
  };
}
