import { Client } from 'pg';
import { fold } from '../../src/rollup/fold.js';
import { ROLLUP_LOCKS } from '../../src/rollup/locks.js';
import { startApplication, type TestApplication } from './application.js';
import type { AnalyticsOptions } from '../../src/analytics/analytics.module.js';

const DAY_MS = 24 * 60 * 60_000;

/** An event as a test writes it. */
export interface Recorded {
  time: string;
  /** Without one it's an event of nobody. */
  user?: string;
  /** `click` without one. */
  event?: string;
  kind?: 'known' | 'anonymous';
  source?: string;
  bot?: boolean;
  properties?: object;
  id?: string;
}

/** What is read of an answer, whatever was asked. */
export interface Answered {
  results: Record<string, unknown>[];
  totals: Record<string, unknown>;
  comparison?: { date_range: string[]; results: Record<string, unknown>[]; totals: object };
  query: Record<string, unknown>;
  meta: Record<string, unknown> & { next_cursor: string | null };
}

export interface Refused {
  statusCode: number;
  code: string;
  message: string;
  path?: string;
}

/** Asks a server, and writes into its database what the answers are about. */
export class Analyst {
  private constructor(
    readonly server: TestApplication,
    /** Of its own, beside the server's. */
    readonly client: Client,
  ) {}

  static async start(options?: AnalyticsOptions): Promise<Analyst> {
    const server = await startApplication(options);
    const client = new Client(server.databaseUrl);
    await client.connect();
    return new Analyst(server, client);
  }

  async stop(): Promise<void> {
    await this.client.end();
    await this.server.stop();
  }

  async record(events: readonly Recorded[]): Promise<void> {
    await record(this.client, events);
  }

  async fold(): Promise<void> {
    await this.client.query('SELECT pg_advisory_unlock_all()');
    await fold(this.client);
  }

  /** Keeps the server from folding some days until this client's end, or `fold`. */
  async holdFolding(days: readonly string[]): Promise<void> {
    for (const day of days) {
      await this.client.query('SELECT pg_advisory_lock($1, $2)', [
        ROLLUP_LOCKS,
        Date.parse(day) / DAY_MS,
      ]);
    }
  }

  /** An anonymous user belongs to a known one from now on. */
  async merge(anonymous: string, known: string): Promise<void> {
    await this.client.query(
      `INSERT INTO merges (anonymous_seq, known_seq, merged_by)
       SELECT anonymous.seq, known.seq, 'test' FROM users AS anonymous, users AS known
       WHERE anonymous.kind = 'anonymous' AND anonymous.id = $1
         AND known.kind = 'known' AND known.id = $2`,
      [anonymous, known],
    );
  }

  async setTraits(user: string, traits: object): Promise<void> {
    await this.client.query('UPDATE users SET traits = $2 WHERE id = $1', [user, traits]);
  }

  /** @param path such as `query` */
  async post(path: string, body: unknown): Promise<Response> {
    return this.server.post(`/analytics/${path}`, {
      headers: { 'Content-Type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async ask(body: object, path = 'query'): Promise<Answered> {
    return expectOk(await this.post(path, body));
  }

  async get(path: string): Promise<Answered> {
    return expectOk(await this.server.get(`/analytics/${path}`));
  }

  /** The results as tuples, in the order of dimensions and metrics. */
  async rows(body: object): Promise<unknown[][]> {
    const { results } = await this.ask(body);
    return results.map((row) => Object.values(row));
  }

  async refusal(body: unknown, path = 'query'): Promise<Refused> {
    return (await (await this.post(path, body)).json()) as Refused;
  }
}

async function expectOk(response: Response): Promise<Answered> {
  const text = await response.text();
  if (response.status !== 200) throw new Error(`${response.status}: ${text}`);
  return JSON.parse(text) as Answered;
}

/** By the one way in of the database. */
export async function record(client: Client, events: readonly Recorded[]): Promise<void> {
  const column = <T>(value: (event: Recorded) => T): T[] => events.map(value);
  await client.query('SELECT record_events($1, $2, $3, $4, $5, $6, $7, $8)', [
    column(({ time }) => time),
    column(({ user }) => user ?? null),
    column(({ event }) => event ?? 'click'),
    column(({ id }) => id ?? null),
    column(({ kind }) => kind ?? 'known'),
    column(({ source }) => source ?? 'default'),
    column(({ bot }) => bot ?? false),
    column(({ properties }) => (properties ? JSON.stringify(properties) : null)),
  ]);
}
