import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startApplication, type TestApplication } from './support/application.js';
import { endpoints, examplesOf, sendExample } from './support/endpoints.js';

/** As JSON, since a literal of JavaScript would set the prototype. */
const POLLUTION =
  '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"prototype":{"polluted":1}}';
const NAMES = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'valueOf'];

let server: TestApplication;

beforeAll(async () => {
  server = await startApplication();
});
afterAll(() => server.stop());
afterEach(() => {
  // Whatever was sent: nothing has what nobody gave it.
  const isPolluted = 'polluted' in {} || 'polluted' in [] || 'polluted' in String.prototype;
  if (isPolluted || Object.keys(Object.prototype).length > 0) throw new Error('it is polluted');
});

const post = (path: string, body: string, type = 'application/json'): Promise<Response> =>
  server.post(path, { body, headers: { 'Content-Type': type } });

describe('names that JavaScript gives a meaning', () => {
  const jsonRequests = endpoints
    .flatMap(examplesOf)
    .filter(({ type, body }) => type === 'application/json' && body?.startsWith('{'));

  it.each(jsonRequests)('as keys of the body of $method $path', async (request) => {
    const inside = `${POLLUTION.slice(0, -1)},${request.body!.slice(1)}`;
    const values = request.body!.replaceAll(/"[^"]*"(?=[,}])/g, POLLUTION);
    for (const body of [POLLUTION, inside, values, `[${POLLUTION}]`]) {
      const response = await sendExample(server.base, { ...request, body });
      expect(response.status).toBeLessThan(500);
      await response.body?.cancel();
    }
  });

  it.each(endpoints.flatMap(examplesOf))(
    'in the query string of $method $path',
    async (request) => {
      const separator = request.url.includes('?') ? '&' : '?';
      for (const query of [
        '__proto__[polluted]=1',
        '__proto__.polluted=1',
        'constructor[prototype][polluted]=1',
        '__proto__=1',
      ]) {
        const url = `${request.url}${separator}${query}`;
        const response = await sendExample(server.base, { ...request, url });
        expect(response.status).toBeLessThan(500);
        await response.body?.cancel();
      }
    },
  );

  it('are stored as properties, and come back as they were', async () => {
    const properties = `{"__proto__":{"polluted":1},"constructor":{"prototype":1},"plain":"x"}`;
    const event = `{"user":"p-1","event":"proto","timestamp":"2026-11-24T09:30:00Z","properties":${properties}}`;
    expect(await (await post('/analytics/batch', `[${event}]`)).json()).toMatchObject({
      stored: 1,
    });
    const filters = encodeURIComponent('[["is","event",["proto"]]]');
    const text = await (await server.get(`/analytics/events?filters=${filters}`)).text();
    const compact = text.replaceAll(' ', '');
    for (const part of ['"__proto__":{"polluted":1}', '"constructor":{"prototype":1}']) {
      expect(compact).toContain(part);
    }
  });

  it.each(NAMES)(
    '%s is the name of an event, a user, a source, a property and a trait',
    async (name) => {
      const body = `[{"user":"${name}","event":"${name}","source":"${name}","id":"${name}",
      "timestamp":"2026-11-24T10:30:00Z","properties":{"${name}":"${name}"}}]`;
      expect(await (await post('/analytics/batch', body)).json()).toMatchObject({ stored: 1 });
      const traits = await server.get(`/analytics/users/${name}`, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: `{"traits":{"${name}":"${name}"}}`,
      });
      expect(await traits.text()).toContain(`"traits":{"${name}":"${name}"}`);
      const query = `{"metrics":["events","count(${name})"],"date_range":["2026-11-24","2026-11-25"],
      "dimensions":["event","source","property:${name}","trait:${name}"],
      "filters":[["is","event",["${name}"]],["is","trait:${name}",["${name}"]]]}`;
      const text = await (await post('/analytics/query', query)).text();
      const row = `{"event":"${name}","source":"${name}","property:${name}":"${name}","trait:${name}":"${name}","events":1,"count(${name})":1}`;
      expect(text).toContain(`"results":[${row}]`);
      const user = await (await server.get(`/analytics/users/${name}`)).text();
      expect(user).toContain(`"counts":{"${name}":1}`);
      const found = await server.get(`/analytics/users?trait:${name}=${name}`);
      expect(await found.json()).toMatchObject({ results: [{ id: name }] });
    },
  );

  it.each(NAMES)('%s is no time zone, metric, period, format or bound', async (name) => {
    const base = { metrics: ['events'], date_range: 'all' };
    for (const wrong of [
      { timezone: name },
      { metrics: [name] },
      { date_range: name },
      { dimensions: [`time:${name}`] },
      { filters: [[name, 'event', ['a']]] },
      { order_by: [name] },
      { compare: name },
    ]) {
      const response = await post('/analytics/query', JSON.stringify({ ...base, ...wrong }));
      expect(response.status).toBe(400);
    }
    expect((await server.get(`/analytics/export?format=${name}`)).status).toBe(400);
    expect((await server.get(`/analytics?timestamp=1&format=${name}`)).status).toBe(400);
  });

  it.each(['text/csv', 'application/x-ndjson'])('in a file of %s', async (type) => {
    const isCsv = type === 'text/csv';
    const file = isCsv
      ? 'timestamp,user,event,__proto__,constructor\n2026-11-24T11:00:00Z,csv-1,csv,a,b\n'
      : `{"timestamp":"2026-11-24T11:00:00Z","user":"csv-1","event":"csv","properties":${POLLUTION}}\n`;
    const events = await post('/analytics/import', file, type);
    expect(await events.json()).toMatchObject({ stored: 1, rejected: 0 });
    const profiles = isCsv
      ? 'user,__proto__,constructor\ncsv-1,a,b\n'
      : `{"user":"csv-1","traits":${POLLUTION}}\n`;
    const stored = await post('/analytics/users/import', profiles, type);
    expect(await stored.json()).toMatchObject({ stored: 1, rejected: 0 });
    expect(await (await server.get('/analytics/users/csv-1')).text()).toContain('"__proto__":');
  });

  it('in the context and traits of SDKs', async () => {
    const call = `{"type":"track","event":"seg","userId":"s-1","properties":${POLLUTION},"context":${POLLUTION}}`;
    const identify = `{"type":"identify","userId":"s-1","traits":${POLLUTION}}`;
    const body = `{"batch":[${call},${identify}],"context":${POLLUTION}}`;
    expect(await (await post('/v1/batch', body)).json()).toEqual({ success: true });
    const event = `{"event":"e","distinct_id":"s-1","properties":{"$set":${POLLUTION}}}`;
    expect((await post('/batch', `{"batch":[${event}]}`)).status).toBe(200);
    expect(await (await server.get('/analytics/users/s-1')).text()).toContain('"__proto__":');
  });
});
