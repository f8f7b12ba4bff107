import { expectStatus, runClosedLoop } from './closed-loop.js';
import { runOpenLoop } from './open-loop.js';
import { SINGLE_CONNECTIONS } from './plan.js';
import type { HttpServer } from './servers.js';
import type { Stand } from './stand.js';
import { percentile } from './statistics.js';

/** Whom single requests go to. */
export interface SingleTarget {
  server: HttpServer;
  requests: readonly Buffer[];
  /** Whether each request has to leave a row. */
  stores: boolean;
}

/** As many single requests as a server can take, for a time; requests a second. */
export async function runSingles(
  { tables }: Stand,
  { server, requests, stores }: SingleTarget,
  durationMs: number,
): Promise<number> {
  await tables.prepareRound();
  const { answered, elapsedMs } = await runClosedLoop({
    port: server.port,
    connections: SINGLE_CONNECTIONS,
    requests,
    durationMs,
    check: (answer) => expectStatus(answer, 204),
  });
  await tables.expectRows({ events: stores ? answered : 0, copied: 0 });
  return (answered / elapsedMs) * 1_000;
}

/**
 * Single requests at a constant rate, for a time.
 *
 * @param rate requests a second
 * @returns the 99th percentile of their times, in milliseconds
 */
export async function runLatency(
  { tables }: Stand,
  { server, requests, stores }: SingleTarget,
  rate: number,
  durationMs: number,
): Promise<number> {
  const count = Math.min(requests.length, Math.ceil((rate * durationMs) / 1_000));
  await tables.prepareRound();
  const latencies = await runOpenLoop({
    port: server.port,
    connections: SINGLE_CONNECTIONS,
    requests: requests.slice(0, count),
    rate,
    check: (answer) => expectStatus(answer, 204),
  });
  await tables.expectRows({ events: stores ? count : 0, copied: 0 });
  return percentile(latencies, 0.99);
}
