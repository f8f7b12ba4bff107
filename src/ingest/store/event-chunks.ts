import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { isStatementError } from '../../common/database-errors.js';
import { readChunkLength } from '../../database/storage.js';
import { chunkSpan, type ChunkSpan } from './chunk-spans.js';

/** The chunk of the time to come is there before its first event is. */
const AHEAD_MS = 24 * 3_600_000;

/**
 * Creates the chunks of the hypertable before events are written to them, each in a short transaction
 * of its own: whoever creates one in a longer transaction makes all others wait who need a new one.
 * Those of long ago are longer, so that old times never make many. Where events lie in a plain table
 * there is nothing to do.
 */
@Injectable()
export class EventChunks {
  /** In milliseconds; undefined on a plain table. */
  private length: Promise<number | undefined> | undefined;
  /** Chunks that are there. One that was dropped since is created by the insert itself. */
  private readonly prepared = new Set<string>();
  /** The one that the event before lay in: most lie in the same. */
  private last: ChunkSpan | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /** @param events that will be written */
  async prepare(events: readonly { time: number }[]): Promise<void> {
    const usual = await this.readLength();
    if (usual === undefined) return;
    const now = this.clock.now();
    await this.prepareAt(now + AHEAD_MS, now, usual);
    for (const { time } of events) {
      const last = this.last;
      const isLast = last && time >= last.start && time < last.start + last.length;
      if (!isLast) await this.prepareAt(time, now, usual);
    }
  }

  private async prepareAt(time: number, now: number, usual: number): Promise<void> {
    const span = chunkSpan(time, now, usual);
    const chunk = `${span.start} ${span.length}`;
    if (!this.prepared.has(chunk)) await this.tryToCreate(time, span.length, usual);
    this.prepared.add(chunk);
    this.last = span;
  }

  private async tryToCreate(time: number, length: number, usual: number): Promise<void> {
    try {
      await this.create(time, length, usual);
    } catch (error) {
      // A trigger may refuse this event and take others, whose insert then creates the chunk.
      if (!isStatementError(error)) throw error;
    }
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
  private async create(time: number, length: number, usual: number): Promise<void> {
    const key = [new Date(time).toISOString(), randomUUID()];
    await this.dataSource.transaction(async (manager) => {
      // Others never see that it was another length in between.
      if (length !== usual) await manager.query(TAKE_LENGTH, [LENGTH_LOCK]);
      if (length !== usual) await manager.query(SET_LENGTH, [length]);
      const [row] = await manager.query<{ chunk: string }[]>(
        `INSERT INTO events (time, id, user_seq, name_id) VALUES ($1, $2, 0, 0)
         RETURNING tableoid::regclass AS chunk`,
        key,
      );
      if (length !== usual) await manager.query(SET_LENGTH, [usual]);
      await manager.query(`DELETE FROM ${row!.chunk} WHERE time = $1 AND id = $2`, key);
    });
  }
}

/** Who sets the length waits for others who do, each for a moment. */
const LENGTH_LOCK = 1_667_788_910;
const TAKE_LENGTH = 'SELECT pg_advisory_xact_lock($1)';
const SET_LENGTH = `SELECT set_chunk_time_interval('events', make_interval(secs => $1::float8 / 1000))`;
