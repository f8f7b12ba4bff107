import { Worker } from 'node:worker_threads';
import type { Answer } from './answer-reader.js';
import { withConnections, type HttpConnection } from './http-connection.js';
import { monotonicMs, type Pace } from './monotonic.js';

export interface OpenLoop {
  port: number;
  connections: number;
  /** Sent in this order, each once. */
  requests: readonly Buffer[];
  /** Arrivals a second, at constant distances. */
  rate: number;
  /** @throws for an answer that isn't the expected one */
  check: (answer: Answer) => void;
}

/** Between the order to begin and the first arrival, so that none is late already. */
const LEAD_MS = 50;

/**
 * Sends requests at a constant rate, however long the answers take. A request that finds all
 * connections taken waits, and its time counts from when it should have been sent: a slow server
 * can't lower the load that it is measured under (no coordinated omission).
 *
 * @returns the time from intended sending to answer of each request, in milliseconds
 */
export function runOpenLoop(loop: OpenLoop): Promise<number[]> {
  return withConnections(loop.port, loop.connections, async (connections) => {
    const pacer = await startPacer();
    try {
      return await new Promise<number[]>((resolve, reject) => {
        const arrivals = new Arrivals(loop, connections, resolve, reject);
        pacer.on('error', reject);
        pacer.on('message', () => arrivals.sendDue());
        pacer.postMessage(arrivals.pace);
      });
    } finally {
      await pacer.terminate();
    }
  });
}

/**
 * Node's own timers are a millisecond or more late, which would count as the server's: a thread of
 * its own waits for each arrival with the precision of the system's clock.
 */
async function startPacer(): Promise<Worker> {
  // A thread has no loader for TypeScript, whatever the process has.
  const file = JSON.stringify(new URL('pacer.ts', import.meta.url).href);
  const start = `import('tsx/esm/api').then(({ tsImport }) => tsImport(${file}, ${file}))`;
  const pacer = new Worker(start, { eval: true });
  await new Promise((resolve, reject) => {
    pacer.once('message', resolve);
    pacer.once('error', reject);
  });
  return pacer;
}

class Arrivals {
  readonly pace: Pace;
  private readonly latencies: number[] = [];
  private readonly free: HttpConnection[];
  private next = 0;

  constructor(
    private readonly loop: OpenLoop,
    connections: HttpConnection[],
    private readonly resolve: (latencies: number[]) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    this.free = [...connections];
    const startMs = monotonicMs() + LEAD_MS;
    this.pace = { startMs, intervalMs: 1_000 / loop.rate, count: loop.requests.length };
  }

  /** Sends what should have been sent by now, as far as connections are free. */
  sendDue(): void {
    const now = monotonicMs();
    while (this.next < this.pace.count && this.intended(this.next) <= now) {
      const connection = this.free.pop();
      if (!connection) return;
      this.send(connection, this.next);
      this.next += 1;
    }
  }

  private intended(index: number): number {
    return this.pace.startMs + index * this.pace.intervalMs;
  }

  private send(connection: HttpConnection, index: number): void {
    connection.send(this.loop.requests[index]!, {
      onError: this.reject,
      onAnswer: (answer) => {
        this.latencies.push(monotonicMs() - this.intended(index));
        this.free.push(connection);
        this.note(answer);
      },
    });
  }

  private note(answer: Answer): void {
    try {
      this.loop.check(answer);
      this.sendDue();
      if (this.latencies.length === this.pace.count) this.resolve(this.latencies);
    } catch (error) {
      this.reject(error);
    }
  }
}
