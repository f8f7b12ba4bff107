import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ErasureDto } from '../src/privacy/privacy.dto.js';
import { startApplication, type TestApplication } from './support/application.js';
import { holdsText } from './support/holds-text.js';

const OLD = '2026-11-20T10:00:00Z';

describe('erasing a person', () => {
  let server: TestApplication;

  beforeAll(async () => {
    server = await startApplication();
  });
  afterAll(() => server.stop());

  async function erase(id: string, kind = 'known'): Promise<{ status: number; body: ErasureDto }> {
    const path = `/analytics/users/${encodeURIComponent(id)}?kind=${kind}`;
    const response = await server.get(path, { method: 'DELETE' });
    return { status: response.status, body: (await response.json()) as ErasureDto };
  }

  async function send(events: object[]): Promise<{ stored: number; receipts: { code?: string }[] }> {
    const response = await server.post('/analytics/batch?receipts=all', {
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(events),
    });
    return (await response.json()) as { stored: number; receipts: { code?: string }[] };
  }

  it('removes all identities, events, merges, groups and rejections', async () => {
    const id = 'erase-me-81@example.com';
    const device = 'device-erase-me-5c1';
    await send([
      { timestamp: OLD, user: device, anonymous: true, event: 'visit' },
      { timestamp: OLD, user: id, event: 'click', id: 'c-1' },
      { timestamp: OLD, user: 'somebody-else', event: 'click', id: 'c-2' },
    ]);
    await server.post('/v1/identify', {
      body: JSON.stringify({ userId: id, anonymousId: device, traits: { email: id } }),
    });
    await server.post('/v1/group', { body: JSON.stringify({ userId: id, groupId: 'alone' }) });
    await server.post(`/analytics?timestamp=x&user=${encodeURIComponent(id)}&event=click`);
    expect(await holdsText(server.dataSource, id)).not.toEqual([]);

    const { status, body } = await erase(device, 'anonymous');
    expect(status).toBe(200);
    expect(body.removed).toMatchObject({
      identities: 2,
      events: 4,
      merges: 1,
      groups: 1,
      rejections: 1,
    });
    expect(await holdsText(server.dataSource, id)).toEqual([]);
    expect(await holdsText(server.dataSource, device)).toEqual([]);
    expect((await server.get(`/analytics/users/${encodeURIComponent(id)}`)).status).toBe(404);
    expect(await server.countEvents()).toBe(1);

    const again = await send([
      { timestamp: OLD, user: id, event: 'click', id: 'c-1' },
      { timestamp: OLD, user: device, anonymous: true, event: 'visit' },
      { timestamp: OLD, user: 'somebody-else', event: 'click', id: 'c-3' },
    ]);
    expect(again.receipts.map(({ code }) => code)).toEqual(['erased', 'erased', undefined]);
    expect((await erase(id)).status).toBe(404);
    expect(await holdsText(server.dataSource, id)).toEqual([]);
    const fresh = await send([{ user: id, event: 'click', id: 'c-9' }]);
    expect(fresh.stored).toBe(1);
  });
});
