import { statfs } from 'node:fs/promises';
import { Injectable, Optional } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import { DataSource } from 'typeorm';
import { LoggableError } from '../../common/errors.js';
import { within } from '../../common/within.js';
import { describeStorage, type DescribedStorage } from '../../database/describe-storage.js';
import type { IngestState } from '../../ingest/ingest-status.js';
import { MAX_COUNTED_DELTAS, readFoldLag } from '../../rollup/fold-lag.js';
import { DiskOptions } from '../operations.options.js';

/** Whoever watches the server waits no longer. */
const DATABASE_MS = 2_000;
/** Folders look every two seconds: one that takes so long is far behind, or can't do it at all. */
const MAX_LAG_S = 60;

/** One check's answer. */
export type Check<Key extends string> = Promise<HealthIndicatorResult<Key>>;

/** What the server needs, one by one. */
@Injectable()
export class HealthChecks {
  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly dataSource: DataSource,
    @Optional() private readonly disk?: DiskOptions,
  ) {}

  /** @returns what the events lie on; undefined when the database doesn't say so in time */
  async storage(): Promise<DescribedStorage | undefined> {
    return await this.ask(describeStorage(this.dataSource)).catch(() => undefined);
  }

  /** `down` where events can be stored nowhere while it's away. */
  async database(
    isThere: boolean,
    { takesEvents, isDatabaseAway }: IngestState,
  ): Check<'database'> {
    const indicator = this.indicators.check('database');
    if (isThere && !isDatabaseAway) return indicator.up();
    if (!isThere && !takesEvents) return indicator.down('it does not answer');
    return indicator.degraded(
      isThere ? 'it answers, and events still go to the spool' : 'it does not answer',
    );
  }

  /** `degraded` while anything waits on disk. */
  async spool({ waiting, takesEvents }: IngestState): Check<'spool'> {
    const indicator = this.indicators.check('spool');
    if (!waiting) return indicator.up('there is none');
    const data = { takes_events: takesEvents, ...waiting };
    return waiting.bytes > 0 ? indicator.degraded(data) : indicator.up(data);
  }

  /** `degraded` where answers have much to read by itself; they're exact all the same. */
  async rollups(): Check<'rollups'> {
    const indicator = this.indicators.check('rollups');
    try {
      const { deltas, seconds } = await this.ask(readFoldLag(this.dataSource));
      const data = {
        lag_seconds: Math.round(seconds * 10) / 10,
        waiting_deltas: deltas,
        ...(deltas === MAX_COUNTED_DELTAS && { more: true }),
      };
      return seconds > MAX_LAG_S ? indicator.degraded(data) : indicator.up(data);
    } catch {
      return indicator.degraded('not known while the database does not answer');
    }
  }

  async freeDisk(): Check<'disk'> {
    const indicator = this.indicators.check('disk');
    if (!this.disk) return indicator.up('none is watched');
    const { directory, minFreeBytes } = this.disk;
    try {
      const { bavail, bsize } = await statfs(directory);
      const data = { free_bytes: bavail * bsize, min_free_bytes: minFreeBytes };
      return data.free_bytes < minFreeBytes ? indicator.degraded(data) : indicator.up(data);
    } catch (error) {
      // Its message has the path, which is nobody's business.
      const code = (error as { code?: unknown }).code;
      return indicator.degraded(`not known${typeof code === 'string' ? `: ${code}` : ''}`);
    }
  }

  private ask<T>(answer: Promise<T>): Promise<T> {
    return within(DATABASE_MS, answer, () => new LoggableError('no answer in time'));
  }
}
