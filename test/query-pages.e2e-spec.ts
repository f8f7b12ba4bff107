import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { Analyst, type Answered } from './support/analyst.js';

const RANGE = { date_range: ['2026-03-01', '2026-03-02'] };
const NAME = `a'b"c%_\\`;
const LONG = 'x'.repeat(3_000);
/** Of any type, and such as look like names that every object has. */
const VALUES: unknown[] = [
  3,
  20,
  1.5,
  -1,
  'b',
  'a',
  'B',
  '10',
  'é',
  '😀',
  true,
  false,
  null,
  ['l', 1],
  { o: { p: 1 } },
  '__proto__',
  'constructor',
  'toString',
  '',
  ',";\n',
  '=1+1',
  `${LONG}1`,
  `${LONG}2`,
];
const NAMES = [
  NAME,
  '__proto__',
  'constructor',
  'toString',
  'a.b',
  '😀',
  'ключ',
  '$1',
  '--',
  'x'.repeat(255),
];

describe('pages, orders and forms of answers', () => {
  let analyst: Analyst;
  beforeAll(async () => {
    analyst = await Analyst.start();
    await analyst.record(
      VALUES.map((value, index) => ({
        time: `2026-03-01T10:00:${String(index).padStart(2, '0')}Z`,
        user: `u${index % 4}`,
        event: index % 3 === 0 ? 'click' : 'impression',
        // Not as a literal, where it would be the object's prototype.
        properties: Object.fromEntries([['v', value], ...NAMES.map((name) => [name, value])]),
      })),
    );
    await analyst.client.query(
      'UPDATE users SET traits = (SELECT properties FROM events ORDER BY time LIMIT 1)',
    );
  });
  afterAll(() => analyst.stop());

  const query = { metrics: ['events', 'ctr'], ...RANGE, dimensions: ['property:v'] };

  async function pages(asked: object, limit: number): Promise<unknown[]> {
    const results: unknown[] = [];
    let cursor: string | null | undefined;
    do {
      const page: Answered = await analyst.ask({ ...asked, limit, ...(cursor && { cursor }) });
      expect(page.results.length).toBeLessThanOrEqual(limit);
      expect(page.totals).toMatchObject({ events: VALUES.length });
      results.push(...page.results);
      cursor = page.meta.next_cursor;
    } while (cursor);
    return results;
  }

  it.each([
    ['asc', ['property:v', 'asc']],
    ['desc', ['property:v', 'desc']],
    ['by a ratio', ['ctr', 'desc']],
    ['by a count, where all are equal', ['events', 'asc']],
  ])('pages through the same as the whole: %s', async (_, order) => {
    const asked = { ...query, order_by: [order] };
    const { results } = await analyst.ask(asked);
    expect(results).toHaveLength(VALUES.length);
    for (const limit of [1, 5, VALUES.length]) expect(await pages(asked, limit)).toEqual(results);
  });

  it('has numbers before texts before all else, and nothing last', async () => {
    const values = async (direction: string): Promise<unknown[]> =>
      (await analyst.rows({ ...query, order_by: [['property:v', direction]] })).map(
        ([value]) => value,
      );
    const rising = await values('asc');
    expect(rising.slice(0, 4)).toEqual([-1, 1.5, 3, 20]);
    expect(rising.slice(-5)).toEqual([['l', 1], false, true, { o: { p: 1 } }, null]);
    const others = rising.slice(0, -1).toReversed();
    expect(await values('desc')).toEqual([...others, null]);
    const ratios = {
      metrics: ['ctr'],
      ...RANGE,
      dimensions: ['event'],
      order_by: [['ctr', 'desc']],
    };
    expect(await analyst.rows(ratios)).toEqual([
      ['impression', 0],
      ['click', null],
    ]);
  });

  it('refuses the cursor of another query, and one that was made up', async () => {
    const { meta } = await analyst.ask({ ...query, limit: 2 });
    const cursor = meta.next_cursor!;
    expect(cursor.length).toBeLessThan(8_000);
    expect((await analyst.ask({ ...query, limit: 9, cursor })).results).toHaveLength(9);
    for (const other of [
      { metrics: ['events'] },
      { timezone: 'Asia/Tokyo' },
      { bots: 'include' },
    ]) {
      const refused = await analyst.refusal({ ...query, ...other, limit: 2, cursor });
      expect(refused).toMatchObject({ statusCode: 400, path: 'cursor' });
    }
    const [print] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as string[];
    for (const made of [
      [print, 9e15, 9e15, []],
      [print, 2, 1, []],
      [print, 0, 1e15],
      [print],
      {},
      5,
    ]) {
      const text = Buffer.from(JSON.stringify(made)).toString('base64url');
      const refused = await analyst.refusal({ ...query, cursor: text });
      expect(refused).toMatchObject({ statusCode: 400, path: 'cursor' });
    }
  });

  it('keeps the range of the first page', async () => {
    await analyst.client.query(
      `SELECT record_events(ARRAY[now(), now(), now()], ARRAY['a','b','c'], ARRAY['p','q','r'])`,
    );
    const rolling = { metrics: ['events'], date_range: '1h', dimensions: ['event'], limit: 1 };
    const first = await analyst.ask(rolling);
    const second = await analyst.ask({ ...rolling, cursor: first.meta.next_cursor });
    expect(second.query).toEqual(first.query);
    expect(second.results).not.toEqual(first.results);
  });

  it.each(NAMES)('takes a name as it is: %s', async (name) => {
    for (const kind of ['property', 'trait']) {
      const field = `${kind}:${name}`;
      const asked = { metrics: ['unique_users'], ...RANGE };
      expect(await analyst.rows({ ...asked, filters: [['exists', field]] })).toEqual([[4]]);
      const { results } = await analyst.ask({ ...asked, dimensions: [field], order_by: [field] });
      expect(results[0]).toEqual(
        Object.fromEntries([
          [field, kind === 'trait' ? 3 : -1],
          ['unique_users', kind === 'trait' ? 4 : 1],
        ]),
      );
    }
    const metrics = [`count(${name.slice(0, 100)})`];
    expect(await analyst.rows({ metrics, ...RANGE })).toEqual([[0]]);
  });

  it.each(
    VALUES.filter((value) => typeof value === 'string' && value !== '' && value.length < 1000),
  )('takes a value as it is: %j', async (value) => {
    const count = async (...filter: unknown[]): Promise<unknown> =>
      (await analyst.rows({ metrics: ['events'], ...RANGE, filters: [filter] }))[0]![0];
    expect(await count('is', 'property:v', [value])).toBe(1);
    expect(await count('is', `property:${NAME}`, [value])).toBe(1);
    expect(await count('matches', 'property:v', [value])).toBe(1);
    expect(await count('contains', 'event', [value])).toBe(0);
    expect(await count('is', 'event', [value])).toBe(0);
    expect(await count('is', 'source', [value])).toBe(0);
  });

  it('finds %, _ and \\ as they are, and * and ? by others', async () => {
    await analyst.record(
      ['100%', '100x', 'a_b', 'axb', 'c\\d', 'e*f', 'e?f', 'e😀f'].map((v, index) => ({
        time: `2026-03-05T00:00:0${index}Z`,
        user: 'u',
        properties: { v },
      })),
    );
    const count = async (...filter: unknown[]): Promise<unknown> =>
      (
        await analyst.rows({
          metrics: ['events'],
          date_range: ['2026-03-05', '2026-03-06'],
          filters: [filter],
        })
      )[0]![0];
    for (const test of ['contains', 'matches']) {
      for (const text of ['100%', 'a_b', 'c\\d'])
        expect(await count(test, 'property:v', text)).toBe(1);
    }
    expect(await count('contains', 'property:v', '*')).toBe(1);
    expect(await count('matches', 'property:v', 'e?f')).toBe(3);
    expect(await count('matches', 'property:v', '*x*')).toBe(2);
    expect(await count('matches', 'property:v', `${'*a'.repeat(5)}*?*?`)).toBe(0);
    expect(await count('is', 'property:v', ['\ud800', 'e😀f'])).toBe(1);
  });

  it('counts a name of 100 characters that are two units each', async () => {
    const event = '😀'.repeat(100);
    await analyst.record([{ time: '2026-03-06T00:00:00Z', user: 'u', event }]);
    const asked = { metrics: [`count(${event})`], date_range: ['2026-03-06', '2026-03-07'] };
    expect(await analyst.rows(asked)).toEqual([[1]]);
    const funnel = { steps: [{ event }, { event }], within: '1d', date_range: 'all' };
    expect((await analyst.ask(funnel, 'funnel')).totals).toMatchObject({ users: 1 });
  });

  it('writes CSV by format and by Accept, quoted where that is needed', async () => {
    const field = `property:${NAME}`;
    const asked = {
      metrics: ['events', 'ctr', 'count(a,b)'],
      ...RANGE,
      dimensions: [field, 'time:day'],
      order_by: [field],
    };
    const byFormat = await analyst.post('query?format=csv', asked);
    expect(byFormat.headers.get('Content-Type')).toMatch(/^text\/csv/);
    const csv = await byFormat.text();
    const byAccept = await analyst.server.post('/analytics/query', {
      headers: { Accept: 'text/csv' },
      body: JSON.stringify(asked),
    });
    expect(await byAccept.text()).toBe(csv);
    const [header, ...lines] = parse(csv);
    expect(header).toEqual([field, 'time', 'events', 'ctr', 'count(a,b)']);
    const { results } = await analyst.ask(asked);
    const texts = results.map((row) =>
      Object.values(row).map((value) =>
        typeof value === 'string'
          ? value.replace(/^(?=[=+\-@\t\r])/, "'")
          : value === null
            ? ''
            : JSON.stringify(value),
      ),
    );
    expect(lines).toEqual(texts);
    const page = await analyst.post('query?format=csv', { ...asked, limit: 1 });
    expect(page.headers.get('X-Next-Cursor')).toBeTruthy();
    for (const format of ['xml', 'csv&format=csv']) {
      const refused = await analyst.post(`query?format=${format}`, asked);
      expect(await refused.json()).toMatchObject({ statusCode: 400, path: 'format' });
    }
  });

  it('takes a query string as short for the same', async () => {
    const long = {
      metrics: ['events', 'unique_users'],
      ...RANGE,
      dimensions: ['time:day', 'event'],
      filters: [['is', 'property:v', ['a']]],
      order_by: [
        ['events', 'desc'],
        ['event', 'asc'],
      ],
      limit: 5,
      fill: false,
      timezone: 'Asia/Tokyo',
    };
    const text = new URLSearchParams({
      metrics: 'events,unique_users',
      date_range: RANGE.date_range.join(','),
      dimensions: 'time:day,event',
      filters: JSON.stringify(long.filters),
      order_by: 'events:desc,event',
      limit: '5',
      fill: 'false',
      timezone: 'Asia/Tokyo',
    });
    const [short, whole] = [await analyst.get(`query?${text.toString()}`), await analyst.ask(long)];
    expect(short.query).toEqual(whole.query);
    expect(short.results).toEqual(whole.results);
    const names = new URLSearchParams({ metrics: '["count(a,b)"]', date_range: '7d' }).toString();
    expect((await analyst.get(`query?${names}`)).totals).toEqual({ 'count(a,b)': 0 });
    for (const [wrong, path] of [
      ['metrics=events', 'date_range'],
      ['metrics=events&metrics=clicks&date_range=7d', 'metrics'],
      ['metrics=events&date_range=7d&filters=x', 'filters'],
      ['metrics=events&date_range=7d&limit=x', 'limit'],
      ['metrics=events&date_range=7d&fill=1', 'fill'],
      ['metrics=&date_range=7d', 'metrics'],
      ['metrics=events&date_range=7d&__proto__=1', '__proto__'],
      ['metrics=events&date_range=7d&order_by=x:desc', 'order_by[0]'],
    ]) {
      const response = await analyst.server.get(`/analytics/query?${wrong}`);
      expect(await response.json()).toMatchObject({ statusCode: 400, path });
    }
  });
});
