import type { Answer } from './answer-reader.js';
import { expectStatus, runClosedLoop, type ClosedLoopResult } from './closed-loop.js';
import { canMeasureCpu, databaseCpuMs, ownCpuMs, processCpuMs } from './cpu-time.js';
import { withConnections } from './http-connection.js';
import { BATCH_CONNECTIONS, BATCH_SIZE, LEAD_BATCHES } from './plan.js';
import type { Site, Stand } from './stand.js';

/** Rows stored by one way. */
export interface BulkRound {
  perSecond: number;
  /** CPU-milliseconds of one row; undefined where the system doesn't tell. */
  cpuMs: number | undefined;
}

/** The server refuses this way of storing events. */
export class RefusedError extends Error {
  override name = 'RefusedError';
}

/**
 * Batches, several under way, to committed rows. The CPU is that of server and database.
 *
 * @param requests batches of {@link BATCH_SIZE}
 */
export async function runBatches(stand: Site, requests: readonly Buffer[]): Promise<BulkRound> {
  const send = (batches: readonly Buffer[]): Promise<ClosedLoopResult> =>
    runClosedLoop({
      port: stand.subject.port,
      connections: BATCH_CONNECTIONS,
      requests: batches,
      check: (answer) => expectStored(answer, BATCH_SIZE),
    });
  await stand.tables.prepareRound();
  await send(requests.slice(0, LEAD_BATCHES));
  const cpu = startCpu(() => databaseCpuMs(stand.database.pid) + processCpuMs(stand.subject.pid));
  const { answered, elapsedMs } = await send(requests.slice(LEAD_BATCHES));
  const cpuMs = cpu();
  await stand.tables.expectRows({ events: requests.length * BATCH_SIZE, copied: 0 });
  return bulkRound(answered * BATCH_SIZE, elapsedMs, cpuMs);
}

/**
 * One request of newline-delimited JSON, to committed rows.
 *
 * @param parts of the request
 * @throws RefusedError when the server doesn't take it
 */
export async function runStream(
  stand: Stand,
  parts: readonly Buffer[],
  events: number,
): Promise<BulkRound> {
  await stand.tables.prepareRound();
  const cpu = startCpu(() => databaseCpuMs(stand.database.pid) + processCpuMs(stand.subject.pid));
  const begun = performance.now();
  const answer = await withConnections(stand.subject.port, 1, ([connection]) =>
    connection!.sendParts(parts),
  );
  const elapsedMs = performance.now() - begun;
  const cpuMs = cpu();
  if (answer.status !== 200) throw new RefusedError(`answered ${answer.status}`);
  expectStored(answer, events);
  await stand.tables.expectRows({ events, copied: 0 });
  return bulkRound(events, elapsedMs, cpuMs);
}

/** The same rows by one COPY. The CPU is that of the database and of this process, the client. */
export async function runCopy(
  stand: Stand,
  rows: readonly Buffer[],
  count: number,
): Promise<BulkRound> {
  await stand.tables.prepareRound();
  const cpu = startCpu(() => databaseCpuMs(stand.database.pid) + ownCpuMs());
  const elapsedMs = await stand.tables.copy(rows);
  const cpuMs = cpu();
  await stand.tables.expectRows({ events: 0, copied: count });
  return bulkRound(count, elapsedMs, cpuMs);
}

/** @returns what tells the CPU-milliseconds since */
function startCpu(read: () => number): () => number | undefined {
  if (!canMeasureCpu) return () => undefined;
  const before = read();
  return () => read() - before;
}

function bulkRound(count: number, elapsedMs: number, cpuMs: number | undefined): BulkRound {
  return {
    perSecond: (count / elapsedMs) * 1_000,
    cpuMs: cpuMs === undefined ? undefined : cpuMs / count,
  };
}

/** By the beginning of the answer: reading thousands of receipts would cost the server its CPU. */
export function expectStored(answer: Answer, events: number): void {
  expectStatus(answer, 200);
  const expected = `{"stored":${events},"duplicates":0,"rejected":0`;
  const found = answer.body.toString('latin1', 0, expected.length);
  if (found !== expected) throw new Error(`Answered ${found} in place of ${expected}`);
}
