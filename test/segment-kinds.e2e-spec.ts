import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApplication, type TestApplication } from './support/application.js';
import { call } from './support/segment.js';

const TIMESTAMP = '2008-10-21T05:46:37Z';
const HOUR = '/analytics?timestamp=2008-10-21T05:50:00Z';

const CLICKS = [
  'click',
  'CLICK',
  'Product Clicked',
  'Promotion Clicked',
  'Clicked Product',
  'clicked promotion',
];
const IMPRESSIONS = [
  'Impression',
  'Promotion Viewed',
  'Product List Viewed',
  'Viewed Promotion',
  'Viewed Product List',
];
const OTHERS = ['Product Viewed', 'Order Completed', 'Clicked'];

describe('what kind an event is, by its name', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());

  const hour = async (): Promise<string> => (await server.get(HOUR)).text();

  it("Segment's clicks and impressions are in the hourly report, in whatever case", async () => {
    const names = [...CLICKS, ...IMPRESSIONS, ...OTHERS];
    const batch: object[] = names.map((event) => ({
      type: 'track',
      event,
      userId: `of-${event}`,
      timestamp: TIMESTAMP,
    }));
    batch.push({ type: 'page', name: 'click', userId: 'reader', timestamp: TIMESTAMP });
    expect((await call(server, 'batch', { batch })).status).toBe(200);
    expect(await server.countEvents()).toBe(names.length + 1);
    expect(await hour()).toBe('unique_users,11\nclicks,6\nimpressions,5\n');
  });

  it('another kind counts for what was stored before, too', async () => {
    const set = (kind: string, name: string): Promise<unknown> =>
      server.dataSource.query('UPDATE event_names SET kind = $1 WHERE name = $2', [kind, name]);
    await set('click', 'Order Completed');
    await set('impression', 'page');
    await set('none', 'CLICK');
    expect(await hour()).toBe('unique_users,12\nclicks,6\nimpressions,6\n');
  });
});
