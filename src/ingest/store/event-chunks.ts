import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../../common/clock.js';
import { isStatementError } from '../../common/database-errors.js';
import { askBy } from '../../database/ask.js';
import { extensionSchema } from '../../database/extension-schema.js';
import { readChunkLength } from '../../database/storage.js';
import { chunkSpan, type ChunkSpan } from './chunk-spans.js';

/** The chunk of the time to come is there before its first event is. */
const AHEAD_MS = 24 * 3_600_000;

/** How the hypertable is cut. */
interface Cut {
  /** The length of a chunk that isn't of long ago, in milliseconds. */
  usual: number;
  /** The statement by which chunks that are created from then on have another one. */
  setLength: string;
}

/**
 * Creates the chunks of the hypertable before events are written to them, each in a short transaction
 * of its own: whoever creates one in a longer transaction makes all others wait who need a new one.
 * Those of long ago are longer, so that old times never make many. Where events lie in a plain table
 * there is nothing to do.
 */
@Injectable()
export class EventChunks {
  /** Undefined on a plain table. */
  private cut: Promise<Cut | undefined> | undefined;
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
    const cut = await this.readCut();
    if (!cut) return;
    const now = this.clock.now();
    await this.prepareAt(now + AHEAD_MS, now, cut);
    for (const { time } of events) {
      const last = this.last;
      const isLast = last && time >= last.start && time < last.start + last.length;
      if (!isLast) await this.prepareAt(time, now, cut);
    }
  }

  private async prepareAt(time: number, now: number, cut: Cut): Promise<void> {
    const span = chunkSpan(time, now, cut.usual);
    const chunk = `${span.start} ${span.length}`;
    if (!this.prepared.has(chunk)) await this.tryToCreate(time, span.length, cut);
    this.prepared.add(chunk);
    this.last = span;
  }

  private async tryToCreate(time: number, length: number, cut: Cut): Promise<void> {
    try {
      await this.create(time, length, cut);
    } catch (error) {
      // A trigger may refuse this event and take others, whose insert then creates the chunk.
      if (!isStatementError(error)) throw error;
    }
  }

  private readCut(): Promise<Cut | undefined> {
    this.cut ??= this.readCutAnew().catch((error: unknown) => {
      this.cut = undefined;
      throw error;
    });
    return this.cut;
  }

  private async readCutAnew(): Promise<Cut | undefined> {
    const usual = await readChunkLength(this.dataSource);
    if (usual === undefined) return undefined;
    const schema = await extensionSchema(askBy(this.dataSource));
    const setLength = `SELECT ${schema}.set_chunk_time_interval('events', make_interval(secs => $1::float8 / 1000))`;
    return { usual, setLength };
  }

  /**
   * By an event of nobody that no one else ever sees: it is gone when the transaction ends. It's
   * deleted from its chunk, whose name regclass quotes: a statement on all of the table plans for
   * every chunk.
   */
  private async create(time: number, length: number, { usual, setLength }: Cut): Promise<void> {
    const key = [new Date(time).toISOString(), randomUUID()];
    await this.dataSource.transaction(async (manager) => {
      // Others never see that it was another length in between.
      if (length !== usual) await manager.query(TAKE_LENGTH, [LENGTH_LOCK]);
      if (length !== usual) await manager.query(setLength, [length]);
      const [row] = await manager.query<{ chunk: string }[]>(
        `INSERT INTO events (time, id, user_seq, name_id) VALUES ($1, $2, 0, 0)
         RETURNING tableoid::regclass AS chunk`,
        key,
      );
      if (length !== usual) await manager.query(setLength, [usual]);
      await manager.query(`DELETE FROM ${row!.chunk} WHERE time = $1 AND id = $2`, key);
    });
  }
}

/** Who sets the length waits for others who do, each for a moment. */
const LENGTH_LOCK = 1_667_788_910;
const TAKE_LENGTH = 'SELECT pg_advisory_xact_lock($1)';
