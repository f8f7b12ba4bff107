import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { Metrics } from '../support/metrics.js';
import { workersOf } from '../support/processes.js';
import { Workplace } from '../support/program.js';

const SCRAPES = 6;
/** So that each is dealt to another process. */
const ALONE = { headers: { Connection: 'close' } };

describe('the figures of several processes', () => {
  const place = new Workplace();

  afterEach(() => place.end());
  afterAll(() => place.clear());

  it('are those of one server, whichever is asked, and outlive a worker', async () => {
    const server = await place.startReady({ env: { WEB_CONCURRENCY: '2' } });
    let sent = 0;
    const send = async (count: number): Promise<void> => {
      for (let index = 0; index < count; index += 1) {
        await fetch(`${server.url}/analytics?user=u&event=click`, { method: 'POST', ...ALONE });
      }
      sent += count;
    };
    const stored = async (): Promise<number> =>
      (await Metrics.of(server.url)).sum('events_stored_total');
    const posts = async (): Promise<number> => {
      const labels = { method: 'POST', route: '/analytics', status: '204' };
      return (await Metrics.of(server.url)).sum('http_request_duration_seconds_count', labels);
    };
    await send(20);
    for (let scrape = 0; scrape < SCRAPES; scrape += 1) {
      expect(await stored()).toBe(sent);
      expect(await posts()).toBe(sent);
    }
    const [first] = workersOf(server.pid);
    process.kill(first!, 'SIGKILL');
    await server.says('was ended by SIGKILL');
    for (let scrape = 0; scrape < SCRAPES; scrape += 1) expect(await stored()).toBe(sent);
    await server.says('is back, as process');
    await send(20);
    for (let scrape = 0; scrape < SCRAPES; scrape += 1) {
      expect(await stored()).toBe(sent);
      expect(await posts()).toBe(sent);
    }
    // Of memory there is that of those that live.
    const metrics = await Metrics.of(server.url);
    expect(metrics.sum('database_available')).toBe(1);
    expect(metrics.names).toContain('process_resident_memory_bytes');
    expect(metrics.names).not.toContain('process_start_time_seconds');
    expect(await server.stop()).toBe(0);
  });

  it('are had in time while a worker stands still, as it last told them', async () => {
    const server = await place.startReady({ env: { WEB_CONCURRENCY: '2' } });
    await fetch(`${server.url}/analytics?user=u&event=click`, { method: 'POST', ...ALONE });
    const before = (await Metrics.of(server.url)).sum('events_stored_total');
    expect(before).toBe(1);
    const [halted, other] = workersOf(server.pid);
    process.kill(halted!, 'SIGSTOP');
    try {
      // Every other connection goes to the one that stands still.
      const scrapes = [0, 1].map(() => Metrics.of(server.url));
      const metrics = await Promise.any(scrapes);
      expect(metrics.sum('events_stored_total')).toBe(before);
      process.kill(halted!, 'SIGCONT');
      await Promise.all(scrapes);
    } finally {
      process.kill(halted!, 'SIGCONT');
    }
    expect(workersOf(server.pid)).toEqual(expect.arrayContaining([halted, other]));
    expect(await server.stop()).toBe(0);
  });
});
