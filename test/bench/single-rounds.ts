import { expectStatus, runClosedLoop, type ClosedLoopResult } from './closed-loop.js';
import { runOpenLoop } from './open-loop.js';
import { LEAD_SINGLES, SINGLE_CONNECTIONS } from './plan.js';
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
  target: SingleTarget,
  durationMs: number,
): Promise<number> {
  await tables.prepareRound();
  await lead(target);
  const { answered, elapsedMs } = await closedLoop(target, LEAD_SINGLES, durationMs);
  await tables.expectRows({ events: target.stores ? LEAD_SINGLES + answered : 0, copied: 0 });
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
  target: SingleTarget,
  rate: number,
  durationMs: number,
): Promise<number> {
  const { server, requests, stores } = target;
  const count = Math.min(requests.length - LEAD_SINGLES, Math.ceil((rate * durationMs) / 1_000));
  await tables.prepareRound();
  await lead(target);
  const latencies = await runOpenLoop({
    port: server.port,
    connections: SINGLE_CONNECTIONS,
    requests: requests.slice(LEAD_SINGLES, LEAD_SINGLES + count),
    rate,
    check: (answer) => expectStatus(answer, 204),
  });
  await tables.expectRows({ events: stores ? LEAD_SINGLES + count : 0, copied: 0 });
  return percentile(latencies, 0.99);
}

async function lead(target: SingleTarget): Promise<void> {
  await closedLoop({ ...target, requests: target.requests.slice(0, LEAD_SINGLES) }, 0);
}

function closedLoop(
  { server, requests }: SingleTarget,
  first: number,
  durationMs?: number,
): Promise<ClosedLoopResult> {
  return runClosedLoop({
    port: server.port,
    connections: SINGLE_CONNECTIONS,
    requests: requests.slice(first),
    ...(durationMs !== undefined && { durationMs }),
    check: (answer) => expectStatus(answer, 204),
  });
}
