import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchResultDto, ReceiptDto } from '../batch/batch.dto.js';
import type { EventFields } from '../normalise.js';
import type { EventSink } from './event-sink.js';
import { ImportError } from './import-error.js';

/** How long one batch is tried before the import gives up. */
const PATIENCE_MS = 60_000;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
const ANSWER_TIMEOUT_MS = 60_000;
const PROBE_TIMEOUT_MS = 5_000;
/** A server on the way, or this one, can't take it now. */
const RETRYABLE = [408, 425, 429, 500, 502, 503, 504];

/** Sends events through a running server. What isn't answered is sent again: ids make it harmless. */
export class HttpSink implements EventSink {
  readonly batchesAtOnce = 2;
  readonly label: string;
  private readonly endpoint: string;

  /**
   * @param url the server's, such as `http://127.0.0.1:8080`
   * @param key of kind write or admin, where it takes events by keys alone
   */
  constructor(
    url: string,
    private readonly key?: string,
  ) {
    const base = new URL(url);
    this.label = `the server at ${base.origin}`;
    this.endpoint = new URL('analytics/batch', withSlash(base)).href;
  }

  async send(events: EventFields[], signal: AbortSignal): Promise<ReceiptDto[]> {
    const body = JSON.stringify({ events });
    const deadline = performance.now() + PATIENCE_MS;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const answer = await this.post(body, signal);
      if (Array.isArray(answer)) return answer;
      if (performance.now() > deadline) {
        throw new ImportError(
          `${this.label} takes nothing for a minute now (${answer.problem}). What was imported ` +
            'stays; run the same command again to go on, it stores nothing twice.',
        );
      }
      await sleep(Math.max(pause, answer.retryAfter), undefined, { signal });
    }
  }

  async close(): Promise<void> {}

  /** @returns the receipts, or what stands against it for now */
  private async post(
    body: string,
    signal: AbortSignal,
  ): Promise<ReceiptDto[] | { problem: string; retryAfter: number }> {
    try {
      const response = await fetch(this.endpoint, {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          ...(this.key !== undefined && { 'X-API-Key': this.key }),
        },
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
      });
      if (response.ok) return ((await response.json()) as BatchResultDto).receipts;
      const problem = `status ${response.status}: ${(await response.text()).slice(0, 300)}`;
      if (response.status === 401) {
        const trouble =
          this.key === undefined
            ? 'takes events by keys alone'
            : 'does not know the key in ANALYTICS_KEY, or it is revoked';
        throw new ImportError(
          `${this.label} ${trouble}. Set ANALYTICS_KEY to one of kind write or admin: npm run keys makes them.`,
        );
      }
      if (!RETRYABLE.includes(response.status)) {
        throw new ImportError(`${this.label} refuses the events, ${problem}`);
      }
      const seconds = Number(response.headers.get('Retry-After') ?? 0);
      return { problem, retryAfter: Number.isFinite(seconds) ? seconds * 1000 : 0 };
    } catch (error) {
      if (error instanceof ImportError || signal.aborted) throw error;
      return { problem: rootCause(error), retryAfter: 0 };
    }
  }
}

/** Whether a server of this kind answers there; `other` is somebody else's. */
export async function findServer(url: string): Promise<'found' | 'other' | 'none'> {
  try {
    const response = await fetch(new URL('health/live', withSlash(new URL(url))), {
      signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    return isOurs(await response.text()) ? 'found' : 'other';
  } catch {
    return 'none';
  }
}

function isOurs(answer: string): boolean {
  try {
    const { service } = JSON.parse(answer) as { service?: unknown };
    return service === 'user-analytics';
  } catch {
    return false;
  }
}

/** A path before the endpoint's, as behind a proxy, is kept. */
function withSlash(url: URL): URL {
  const copy = new URL(url);
  if (!copy.pathname.endsWith('/')) copy.pathname += '/';
  return copy;
}

/** What fetch reports lies in the cause. */
function rootCause(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause !== undefined) return rootCause(cause);
  if (!(error instanceof Error)) return String(error);
  return error.message || ('code' in error ? String(error.code) : error.name);
}
