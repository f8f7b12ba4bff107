import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { isStatementError } from '../../common/database-errors.js';
import { readChunkLength } from '../../database/storage.js';

/** The chunk of the time to come is there before its first event is. */
const AHEAD_MS = 24 * 3_600_000;

/**
 * Creates the chunks of the hypertable before events are written to them, each in a short transaction
 * of its own: whoever creates one in a longer transaction makes all others wait who need a new one.
 * Where events lie in a plain table there is nothing to do.
 */
@Injectable()
export class EventChunks {
  /** In milliseconds; undefined on a plain table. */
  private length: Promise<number | undefined> | undefined;
  /** Numbers of chunks that are there. One that was dropped since is created by the insert itself. */
  private readonly prepared = new Set<number>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** @param events that will be written */
  async prepare(events: readonly { time: number }[]): Promise<void> {
    const length = await this.readLength();
    if (length === undefined) return;
    await this.prepareAt(this.clock.now() + AHEAD_MS, length);
    for (const { time } of events) {
      if (!this.prepared.has(chunkOf(time, length))) await this.prepareAt(time, length);
    }
  }

  private async prepareAt(time: number, length: number): Promise<void> {
    const chunk = chunkOf(time, length);
    if (this.prepared.has(chunk)) return;
    try {
      await this.create(time);
    } catch (error) {
      // A trigger may refuse this event and take others, whose insert then creates the chunk.
      if (!isStatementError(error)) throw error;
    }
    this.prepared.add(chunk);
  }

  private readLength(): Promise<number | undefined> {
    this.length ??= readChunkLength(this.dataSource).catch((error: unknown) => {
      this.length = undefined;
      throw error;
    });
    return this.length;
  }

  /**
   * By an event of nobody that no one else ever sees: it is gone when the transaction ends. It's
   * deleted from its chunk, whose name regclass quotes: a statement on all of the table plans for
   * every chunk.
   */
  private async create(time: number): Promise<void> {
    const key = [new Date(time).toISOString(), randomUUID()];
    await this.dataSource.transaction(async (manager) => {
      const [row] = await manager.query<{ chunk: string }[]>(
        `INSERT INTO events (time, id, user_seq, name_id) VALUES ($1, $2, 0, 0)
         RETURNING tableoid::regclass AS chunk`,
        key,
      );
      await manager.query(`DELETE FROM ${row!.chunk} WHERE time = $1 AND id = $2`, key);
    });
  }
}

function chunkOf(time: number, length: number): number {
  return Math.floor(time / length);
}
