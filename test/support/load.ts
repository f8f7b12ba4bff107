import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from './poll.js';
import { queryAt } from './program.js';

/** How many clients of each kind there are. */
export interface LoadOptions {
  singles?: number;
  batches?: number;
  streams?: number;
}

const BATCH_EVENTS = 40;
const STREAM_EVENTS = 1_500;
const STREAM_PAUSE_MS = 500;
/** After a failure, and between requests: it's faults that are looked for, not the highest rate. */
const PAUSE_MS = 10;
const REQUEST_MS = 30_000;
/** How often a client sends again what failed, and what was answered. */
const AGAIN_AFTER_FAILURE = 0.5;
const AGAIN_AFTER_ANSWER = 0.05;
const FIRST_SECOND = 1_224_567_000;
/** What was killed may be slow to come back on a machine with other work. */
const QUIET_MS = 180_000;

/** The same whenever it's sent again. */
interface SentEvent {
  id: string;
  timestamp: number;
  user: string;
  event: 'click' | 'impression';
}

type Send = (url: string, events: SentEvent[]) => Promise<Response>;

/** How many events, and of each kind an example. Never all of them: there may be 100,000. */
export interface Audit {
  /** Acknowledged, and not stored. */
  missing: [number, string?];
  /** Stored more than once. */
  twice: [number, string?];
  /** Stored, and never sent. */
  unknown: [number, string?];
}

export const ALL_STORED_ONCE: Audit = { missing: [0], twice: [0], unknown: [0] };

/**
 * Clients that send single events, batches and streams, each with ids of their own, some of it
 * again, and remember what was acknowledged.
 */
export class Load {
  readonly acknowledged = new Set<string>();
  /** Answers other than 204, 200 and 202, and connections that ended; each kind once. */
  readonly failures = new Set<string>();
  /** Of all answers, in milliseconds. */
  slowest = 0;
  private readonly sent = new Set<string>();
  private readonly stopping = new AbortController();
  private readonly clients: Promise<void>[];

  /** @param url where the server is, changed when it's another */
  constructor(
    public url: string,
    { singles = 6, batches = 2, streams = 1 }: LoadOptions = {},
  ) {
    const start = (count: number, events: number, send: Send, pauseMs: number): Promise<void>[] =>
      Array.from({ length: count }, () => this.run(events, send, pauseMs));
    this.clients = [
      ...start(singles, 1, sendSingle, PAUSE_MS),
      ...start(batches, BATCH_EVENTS, sendBatch, PAUSE_MS),
      ...start(streams, STREAM_EVENTS, sendStream, STREAM_PAUSE_MS),
    ];
  }

  /** Waits until so many events more were acknowledged. */
  async more(count: number): Promise<void> {
    const enough = this.acknowledged.size + count;
    await until(() => this.acknowledged.size >= enough);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.clients);
  }

  /** Stops, waits until nothing waits in the server any more, and looks into the database. */
  async audit(databaseUrl: () => string): Promise<Audit> {
    await this.stop();
    await until(async () => (await readiness(this.url)).status === 'ok', QUIET_MS);
    const rows = await queryAt<{ id: string }>(databaseUrl(), 'SELECT id FROM events');
    const stored = new Set<string>();
    const twice: string[] = [];
    for (const { id } of rows) {
      if (stored.has(id)) twice.push(id);
      stored.add(id);
    }
    return {
      missing: summary([...this.acknowledged].filter((id) => !stored.has(id))),
      twice: summary(twice),
      unknown: summary([...stored].filter((id) => !this.sent.has(id))),
    };
  }

  private async run(events: number, send: Send, pauseMs: number): Promise<void> {
    const { signal } = this.stopping;
    let again: SentEvent[] | undefined;
    while (!signal.aborted) {
      const request = again ?? this.newEvents(events);
      const failure = await this.attempt(send, request);
      if (failure !== undefined) this.failures.add(failure);
      const chance = failure === undefined ? AGAIN_AFTER_ANSWER : AGAIN_AFTER_FAILURE;
      again = Math.random() < chance ? request : undefined;
      await sleep(pauseMs, undefined, { signal }).catch(() => {});
    }
  }

  private newEvents(count: number): SentEvent[] {
    return Array.from({ length: count }, () => {
      const id = randomUUID();
      this.sent.add(id);
      const chance = Math.random();
      return {
        id,
        timestamp: FIRST_SECOND + Math.floor(chance * 3_600),
        user: `user-${Math.floor(Math.random() * 500)}`,
        event: chance < 0.5 ? 'click' : 'impression',
      };
    });
  }

  /** @returns what went wrong, if anything did */
  private async attempt(send: Send, events: SentEvent[]): Promise<string | undefined> {
    const begun = performance.now();
    try {
      const response = await send(this.url, events);
      const failure = await this.readAnswer(response, events);
      this.slowest = Math.max(this.slowest, performance.now() - begun);
      return failure;
    } catch (error) {
      return describe(error);
    }
  }

  private async readAnswer(response: Response, events: SentEvent[]): Promise<string | undefined> {
    const { status, headers } = response;
    const text = await response.text();
    if (status === 204) {
      const rejected = headers.get('X-Analytics-Rejected');
      if (rejected !== null) return `rejected: ${rejected}`;
      for (const { id } of events) this.acknowledged.add(id);
      return undefined;
    }
    const answer = JSON.parse(text) as {
      code?: string;
      incomplete?: string;
      receipts?: { id?: string; status: string }[];
    };
    // A stream that was broken off tells what was stored of it, with 503.
    for (const receipt of answer.receipts ?? []) {
      if (receipt.status === 'rejected') return `rejected: ${JSON.stringify(receipt)}`;
      this.acknowledged.add(receipt.id!);
    }
    if (status === 200 || status === 202) {
      return answer.incomplete === undefined ? undefined : `incomplete: ${answer.incomplete}`;
    }
    return `${status} ${answer.code}, Retry-After ${headers.get('Retry-After')}`;
  }
}

function summary(ids: string[]): [number, string?] {
  return ids.length === 0 ? [0] : [ids.length, ids[0]!];
}

/** What `GET /health/ready` says. */
export async function readiness(
  url: string,
): Promise<{ status: string; waiting?: { events: number; bytes: number } }> {
  const response = await fetch(`${url}/health/ready`);
  return (await response.json()) as { status: string };
}

function sendSingle(url: string, [event]: SentEvent[]): Promise<Response> {
  const { id, timestamp, user, event: name } = event!;
  const query = `timestamp=${timestamp}&user=${user}&event=${name}&id=${id}`;
  return post(`${url}/analytics?${query}`);
}

function sendBatch(url: string, events: SentEvent[]): Promise<Response> {
  return post(`${url}/analytics/batch`, 'application/json', JSON.stringify(events));
}

function sendStream(url: string, events: SentEvent[]): Promise<Response> {
  const lines = events.map((event) => JSON.stringify(event)).join('\n');
  return post(`${url}/analytics/batch?receipts=all`, 'application/x-ndjson', lines);
}

function post(url: string, type?: string, body?: string): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    signal: AbortSignal.timeout(REQUEST_MS),
    ...(type !== undefined && { headers: { 'Content-Type': type }, body: body! }),
  });
}

function describe(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; message: string } };
  return cause?.code ?? cause?.message ?? String(error);
}
