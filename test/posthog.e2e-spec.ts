import { createServer, request, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PostHog } from 'posthog-node';
import { startApplication, type TestApplication } from './support/application.js';
import { forgetCalls, storedCalls, storedMerges, traitsOf } from './support/segment.js';

describe('the endpoints of PostHog', () => {
  let server: TestApplication;
  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());
  beforeEach(() => forgetCalls(server.dataSource));

  it('take what posthog-node sends', async () => {
    const posthog = new PostHog('any', { host: server.base });
    posthog.capture({
      distinctId: 'anon-1',
      event: '$pageview',
      properties: { $current_url: 'https://example.com/', $process_person_profile: false },
    });
    posthog.alias({ distinctId: 'u-1', alias: 'anon-1' });
    posthog.identify({
      distinctId: 'u-1',
      properties: { $set: { plan: 'pro' }, $set_once: { first: 'a', plan: 'free' } },
    });
    posthog.identify({ distinctId: 'u-1', properties: { $set_once: { first: 'b' } } });
    posthog.groupIdentify({ groupType: 'company', groupKey: 'acme', properties: { size: 7 } });
    posthog.groupIdentify({ groupType: 'company', groupKey: 'acme', distinctId: 'u-1' });
    posthog.capture({ distinctId: 'u-1', event: 'signup', properties: { plan: 'pro' } });
    await posthog.shutdown();
    const calls = await storedCalls(server.dataSource);
    expect(calls.map(({ event, user, kind }) => `${event} ${kind} ${user}`).toSorted()).toEqual([
      'alias known u-1',
      'group known u-1',
      'identify known u-1',
      'identify known u-1',
      'page anonymous anon-1',
      'signup known u-1',
    ]);
    // The group's own is nobody's.
    expect(await server.countEvents()).toBe(7);
    expect(await storedMerges(server.dataSource)).toEqual(['anon-1 -> u-1']);
    expect(await traitsOf(server.dataSource, 'u-1')).toEqual({ plan: 'pro', first: 'a' });
    const groups = await server.dataSource.query(
      `SELECT groups.id, groups.traits, users.id AS user FROM groups
       JOIN memberships ON group_seq = groups.seq JOIN users ON users.seq = user_seq`,
    );
    expect(groups).toEqual([{ id: 'company:acme', traits: { size: 7 }, user: 'u-1' }]);
  });

  it('take one event, by itself', async () => {
    const body = JSON.stringify({ api_key: 'any', event: 'e', distinct_id: 7, uuid: 'id-1' });
    for (const path of ['/i/v0/e/', '/i/v0/e', '/batch/', '/batch']) {
      const response = await server.post(path, { body });
      expect(response.status).toBe(200);
      expect(await response.json()).toEqual({ status: 1 });
    }
    expect(await server.countEvents()).toBe(4);
  });

  it('say which events can never be stored', async () => {
    const batch = [{ event: 'e', distinct_id: 'u' }, { distinct_id: 'u' }];
    const partly = await server.post('/batch/', { body: JSON.stringify({ batch }) });
    expect(partly.status).toBe(200);
    expect(await partly.json()).toMatchObject({
      status: 1,
      rejected: [{ index: 1, code: 'missing_event' }],
    });
    const none = await server.post('/batch/', { body: JSON.stringify({ batch: batch.slice(1) }) });
    expect(none.status).toBe(400);
    const nobody = await server.post('/i/v0/e/', { body: '{"event":"e"}' });
    expect(await nobody.json()).toMatchObject({
      code: 'missing_user',
      message: expect.stringMatching(/^distinct_id is missing/),
    });
    for (const body of ['[', '{"batch":{}}', '7']) {
      expect((await server.post('/batch/', { body })).status).toBe(400);
    }
    const many = Array.from({ length: 10_001 }, () => batch[0]);
    const tooMany = await server.post('/batch/', { body: JSON.stringify({ batch: many }) });
    expect(tooMany.status).toBe(413);
  });

  it.each<[string, (pass: RequestListener) => RequestListener]>([
    ['answered 503 at first', (pass) => once((_, response) => response.writeHead(503).end(), pass)],
    [
      'cut off from the answer',
      (pass) =>
        once((incoming, response) => {
          response.end = () => response.destroy();
          pass(incoming, response);
        }, pass),
    ],
  ])('store each event once that was %s', async (_, trouble) => {
    const proxy = await listen(trouble(passTo(server.base)));
    const { port } = proxy.address() as AddressInfo;
    const posthog = new PostHog('any', {
      host: `http://127.0.0.1:${port}`,
      fetchRetryDelay: 50,
    });
    for (const event of ['a', 'b', 'c']) posthog.capture({ distinctId: 'u', event });
    await posthog.shutdown();
    proxy.close();
    const events = (await storedCalls(server.dataSource)).map(({ event }) => event);
    expect(events.toSorted()).toEqual(['a', 'b', 'c']);
  });
});

/** The first request is another's than those after it. */
function once(first: RequestListener, rest: RequestListener): RequestListener {
  let isFirst = true;
  return (incoming, response) => {
    const listener = isFirst ? first : rest;
    isFirst = false;
    listener(incoming, response);
  };
}

function passTo(base: string): RequestListener {
  return (incoming, response) => {
    const { method, headers, url } = incoming;
    const onward = request(base + url!, { method: method!, headers }, (answer) => {
      answer.resume();
      answer.once('end', () => response.writeHead(answer.statusCode!).end('{"status":1}'));
    });
    incoming.pipe(onward);
  };
}

async function listen(listener: RequestListener): Promise<Server> {
  const proxy = createServer(listener);
  await new Promise<void>((resolve) => {
    proxy.listen(0, '127.0.0.1', resolve);
  });
  return proxy;
}
