import type { Answer } from './answer-reader.js';
import { withConnections } from './http-connection.js';

export interface ClosedLoop {
  port: number;
  /** Each sends its next request when the last was answered. */
  connections: number;
  /** Sent in this order, each once. */
  requests: readonly Buffer[];
  /** No request is sent after so many milliseconds; those under way are waited for. */
  durationMs?: number;
  /** @throws for an answer that isn't the expected one */
  check: (answer: Answer) => void;
}

export interface ClosedLoopResult {
  answered: number;
  /** From the first request to the last answer. */
  elapsedMs: number;
}

/** As many requests as the server can take. */
export function runClosedLoop(loop: ClosedLoop): Promise<ClosedLoopResult> {
  const { requests, durationMs = Number.POSITIVE_INFINITY, check } = loop;
  return withConnections(loop.port, loop.connections, async (connections) => {
    const begun = performance.now();
    let next = 0;
    await Promise.all(
      connections.map(
        (connection) =>
          new Promise<void>((resolve, reject) => {
            const settle = {
              onAnswer: (answer: Answer) => {
                try {
                  check(answer);
                  sendNext();
                } catch (error) {
                  reject(error);
                }
              },
              onError: reject,
            };
            const sendNext = (): void => {
              const request = requests[next];
              if (!request || performance.now() - begun > durationMs) return resolve();
              next += 1;
              connection.send(request, settle);
            };
            sendNext();
          }),
      ),
    );
    return { answered: next, elapsedMs: performance.now() - begun };
  });
}

/** @throws with status and body for any other status */
export function expectStatus({ status, body }: Answer, expected: number): void {
  if (status === expected) return;
  throw new Error(`Answered ${status} in place of ${expected}: ${body.toString().slice(0, 500)}`);
}
