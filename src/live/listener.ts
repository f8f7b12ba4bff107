import { Socket } from 'node:net';
import { setInterval, setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { Client } from 'pg';
import type { DataSource } from 'typeorm';
import { describeError } from '../common/describe-error.js';
import { noAnswer } from '../common/database-errors.js';
import { within } from '../common/within.js';
import { connectionSettings } from '../database/connection-settings.js';
import { CHANNEL } from './notices.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
/** How often the connection is tried out, and said that somebody watches. */
const PULSE_MS = 10_000;
const ANSWER_MS = 10_000;
const END_MS = 1_000;

/** What becomes of what is heard. */
export interface Hearing {
  /** From now on everything is heard. */
  onListening(): void;
  /** Nothing is heard until it's listened again. */
  onLost(): void;
  onNotice(payload: string): void;
  /** @returns what is to be said every 10 seconds */
  pulse(): string | undefined;
}

/**
 * Listens on a connection of its own, since those of the pool are handed round. A connection that is
 * lost is followed by another, for as long as it takes.
 */
export class LiveListener {
  private readonly logger = new Logger('Live');
  private readonly ending = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private client: Client | undefined;
  private pause = FIRST_PAUSE_MS;
  private isWarned = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly hearing: Hearing,
  ) {}

  get isListening(): boolean {
    return this.client !== undefined;
  }

  start(): void {
    this.running = this.run();
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.running;
  }

  /** Says something to all who listen, this process too. What can't be said is dropped. */
  say(payload: string): void {
    if (this.client) notify(this.client, payload).catch(() => {});
  }

  private async run(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      try {
        await this.listen(signal);
      } catch (error) {
        this.warn(error);
      }
      await sleep(this.pause, undefined, { signal, ref: false }).catch(() => {});
      this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
    }
  }

  /** Until the connection is lost, which it throws, or the end. */
  private async listen(signal: AbortSignal): Promise<void> {
    // Our own, so that nothing of it stays where the other side says nothing any more.
    const socket = new Socket();
    const client = new Client({ ...connectionSettings(this.dataSource), stream: () => socket });
    const lost = new Promise<never>((_, reject) => {
      client.on('error', reject);
      client.on('end', () => reject(new Error('connection terminated')));
    });
    lost.catch(() => {});
    client.on('notification', ({ payload = '' }) => this.hearing.onNotice(payload));
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    signal.addEventListener('abort', end, { once: true });
    try {
      await Promise.race([this.work(client, signal), lost, ended]);
    } finally {
      signal.removeEventListener('abort', end);
      if (this.client) this.hearing.onLost();
      this.client = undefined;
      await within(END_MS, client.end(), noAnswer).catch(() => {});
      socket.destroy();
    }
  }

  private async work(client: Client, signal: AbortSignal): Promise<void> {
    await client.connect();
    await within(ANSWER_MS, listenOn(client), noAnswer);
    if (signal.aborted) return;
    this.client = client;
    this.pause = FIRST_PAUSE_MS;
    this.isWarned = false;
    this.hearing.onListening();
    for await (const _ of setInterval(PULSE_MS, undefined, { signal, ref: false })) {
      if (this.client !== client) return;
      const payload = this.hearing.pulse();
      const saying = payload === undefined ? client.query('SELECT 1') : notify(client, payload);
      await within<unknown>(ANSWER_MS, saying, noAnswer);
    }
  }

  private warn(error: unknown): void {
    if (this.isWarned || this.ending.signal.aborted) return;
    this.isWarned = true;
    this.logger.warn(`The live feed hears nothing for now: ${describeError(error)}`);
  }
}

function notify(client: Client, payload: string): Promise<unknown> {
  return client.query(`SELECT pg_notify(${CHANNEL}, $1)`, [payload]);
}

/** A statement that takes no values, so the name is written into it. */
async function listenOn(client: Client): Promise<void> {
  const { rows } = await client.query<{ channel: string }>(
    `SELECT quote_ident(${CHANNEL}) AS channel`,
  );
  await client.query(`LISTEN ${rows[0]!.channel}`);
}
