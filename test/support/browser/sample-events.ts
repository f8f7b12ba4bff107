import type { TestApplication } from '../application.js';

/** A name that would be a script, if any part of the page took it for markup. */
export const HOSTILE = `<img src=x onerror="document.title='broken'"><script>document.title='broken'</script>`;

async function send(server: TestApplication, path: string, body: object): Promise<void> {
  const response = await server.post(path, {
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(await response.text());
}

/**
 * A few days of a few people up to now: traits, groups, a merge, names that are hostile, and a
 * rejection.
 */
export async function sendSampleEvents(server: TestApplication): Promise<void> {
  const now = Date.now();
  const ago = (hours: number): string => new Date(now - hours * 3_600_000).toISOString();
  const events = Array.from({ length: 200 }, (_, index) => ({
    timestamp: ago(index / 2),
    user: `u-${index % 17}`,
    event: ['impression', 'impression', 'click', 'signup'][index % 4],
    id: `e-${index}`,
    properties: { path: `/page-${index % 5}`, plan: index % 2 === 0 ? 'pro' : 'free' },
  }));
  await send(server, '/analytics/batch', {
    events: [
      ...events,
      {
        timestamp: ago(1),
        user: HOSTILE,
        event: HOSTILE.slice(0, 100),
        id: 'h-1',
        properties: { [HOSTILE]: HOSTILE, path: HOSTILE },
      },
      { timestamp: ago(1), user: '', event: HOSTILE.slice(0, 90) },
    ],
  });
  await send(server, '/v1/batch', {
    batch: [
      { type: 'track', anonymousId: 'b-1', event: 'visit', timestamp: ago(3), messageId: 'm-1' },
      {
        type: 'identify',
        anonymousId: 'b-1',
        userId: 'u-1',
        traits: { plan: 'pro', email: 'ada@example.com', note: HOSTILE },
        timestamp: ago(2),
        messageId: 'm-2',
      },
      {
        type: 'group',
        userId: 'u-1',
        groupId: 'acme',
        traits: { name: 'Acme' },
        timestamp: ago(2),
        messageId: 'm-3',
      },
    ],
  });
}
