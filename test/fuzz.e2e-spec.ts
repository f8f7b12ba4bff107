import { Agent } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { startApplication, type TestApplication } from './support/application.js';
import { takeDatabaseAway } from './support/database.js';
import { endpoints, examplesOf, sendExample } from './support/endpoints.js';
import { makeKey } from './support/keys.js';
import { deviations } from './support/fuzz/contract.js';
import { requestsTo, type FuzzRequest } from './support/fuzz/requests.js';
import { send } from './support/fuzz/send.js';

/** For all endpoints together, on each storage. */
const SECONDS = Number(process.env['FUZZ_SECONDS'] ?? '30');
/** What one found is found again by it. */
const SEED = Number(process.env['FUZZ_SEED'] ?? String(Math.floor(Math.random() * 2 ** 31)));
const EACH_MS = (1_000 * SECONDS) / endpoints.length;
const agent = new Agent({ keepAlive: true });

let server: TestApplication;
let key: string;

beforeAll(async () => {
  server = await startApplication({ access: { open: true } });
  // The key that requests come by is none of those that they are about.
  await makeKey(server, { kind: 'read' });
  await server.dataSource.query('ALTER TABLE access_keys ALTER COLUMN id RESTART WITH 1000000');
  ({ secret: key } = await makeKey(server, { kind: 'admin' }));
  await server.post('/v1/identify', { body: '{"anonymousId":"b-1","userId":"u-81"}' });
  // Its thread takes longer to start than an endpoint has.
  await server.get('/analytics?timestamp=1224567999');
});
afterAll(async () => {
  agent.destroy();
  await server.stop();
});

describe(`requests made from the OpenAPI document, by FUZZ_SEED=${SEED}`, () => {
  it.each(endpoints)(
    '$method $path: no answer that it does not describe',
    async (endpoint) => {
      let sent = 0;
      const property = fc.asyncProperty(requestsTo(endpoint), async (request) => {
        sent += 1;
        const answer = await send(server.base, withKey(request), agent);
        const found = deviations(endpoint, answer);
        if (found.length === 0) return;
        throw new Error(`${found.join('; ')}\n${answer.body.toString().slice(0, 500)}`);
      });
      await fc.assert(property, {
        seed: SEED,
        numRuns: Number.MAX_SAFE_INTEGER,
        interruptAfterTimeLimit: EACH_MS,
        reporter: ({ counterexample, errorInstance }) => {
          if (counterexample)
            throw new Error(`${String(errorInstance)}\n${shown(counterexample[0])}`);
        },
      });
      // Some take long, on a machine that does much else.
      expect(sent).toBeGreaterThan(0);
    },
    EACH_MS + 60_000,
  );

  it('leaves the server as exact as it was', async () => {
    const [counted] = await server.dataSource.query<{ events: number; users: number }[]>(
      `SELECT count(*)::int AS events, count(DISTINCT user_seq) FILTER (WHERE user_seq > 0)::int AS users
       FROM events`,
    );
    expect(counted!.events).toBeGreaterThan(100);
    const query = 'metrics=events&date_range=all&bots=include';
    const answer = await server.get(`/analytics/query?${query}`);
    const { totals } = (await answer.json()) as { totals: { events: number } };
    expect(totals.events).toBe(counted!.events);
    expect(await (await server.get('/health/ready')).json()).toMatchObject({ status: 'ok' });
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('while the database is away', () => {
  beforeAll(() => takeDatabaseAway(server.databaseUrl));

  it.each(endpoints.flatMap(examplesOf))(
    '$method $url $type: nothing that the document does not describe',
    async (request) => {
      const response = await sendExample(server.base, request, { 'X-API-Key': key });
      const { status } = response;
      const reader = response.body?.getReader();
      const beginning = await reader?.read();
      const answer = {
        status,
        headers: Object.fromEntries(response.headers),
        body: Buffer.from(beginning?.value ?? []),
      };
      await reader?.cancel();
      expect(deviations(request, answer)).toEqual([]);
    },
  );
});

function withKey(request: FuzzRequest): FuzzRequest {
  return { ...request, headers: { ...request.headers, 'X-API-Key': key } };
}

function shown(request: FuzzRequest): string {
  const { method, path, headers, body } = request;
  const text = body && JSON.stringify(body.toString('latin1').slice(0, 3_000));
  return [`${method} ${path}`, JSON.stringify(headers), text].join('\n');
}
