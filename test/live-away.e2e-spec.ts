import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { startApplication, type TestApplication } from './support/application.js';
import { administer, bringDatabaseBack, takeDatabaseAway } from './support/database.js';
import { LiveClient } from './support/live-client.js';
import { until } from './support/poll.js';

const CLICK = '/analytics?timestamp=1224567997&event=click';

describe('the live feed, when the database goes away', () => {
  let server: TestApplication;
  let client: LiveClient;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterEach(() => client.close());
  afterAll(async () => {
    await bringDatabaseBack(server.databaseUrl);
    await server.stop();
  });

  it('says that something may be missing, and shows what had waited in the spool', async () => {
    client = await LiveClient.ready(server.base);
    await server.post(`${CLICK}&user=before`);
    await client.has(1);
    await takeDatabaseAway(server.databaseUrl);
    const users = ['away-1', 'away-2', 'away-3'];
    for (const user of users) {
      const response = await server.post(`${CLICK}&user=${user}&id=${user}`);
      expect(response.headers.has('X-Analytics-Rejected')).toBe(false);
    }
    // What this one goes on after is known to nobody any more.
    const late = await LiveClient.open(server.base, '', client.messages[0]!.id);
    await late.has(1);
    expect(late.seen()).toEqual(['gap']);
    expect(client.isEnded).toBe(false);
    await bringDatabaseBack(server.databaseUrl);
    await client.has(5);
    expect(client.seen()).toEqual(['before', 'gap', ...users]);
    await until(() => late.seen().includes('away-3'));
    late.close();
    // A client that tries again has nothing to add.
    await server.post(`${CLICK}&user=away-1&id=away-1`);
    await server.post(`${CLICK}&user=after`);
    await client.has(6);
    expect(client.seen().at(-1)).toBe('after');
  });

  it('goes on when its connection alone is lost', async () => {
    client = await LiveClient.ready(server.base);
    const name = new URL(server.databaseUrl).pathname.slice(1);
    await administer(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'
       AND (query LIKE 'LISTEN %' OR query LIKE 'SELECT pg_notify(%')`,
    );
    await client.has(1);
    await server.post(`${CLICK}&user=again`);
    await client.has(2);
    expect(client.seen()).toEqual(['gap', 'again']);
  });
});
