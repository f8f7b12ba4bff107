import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { UnavailableError } from '../common/errors.js';
import { within } from '../common/within.js';
import { readStorage } from '../database/storage.js';
import { IngestStatus } from '../ingest/ingest-status.js';
import type { LivenessDto, ReadinessDto } from './health.dto.js';

/** Whoever watches the server waits no longer. */
const DATABASE_MS = 2_000;

/** Whether the process lives, and whether it can do its work. */
@Injectable()
export class HealthService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly ingest: IngestStatus,
  ) {}

  live(): LivenessDto {
    return { status: 'ok', service: 'user-analytics' };
  }

  /** @throws UnavailableError while the database can't be asked, and the spool takes no events */
  async ready(): Promise<ReadinessDto> {
    const { takesEvents, isDatabaseAway, waiting } = await this.ingest.read();
    const [storage, error] = await this.storage();
    if (error !== undefined && !takesEvents) throw new UnavailableError(error);
    const isDegraded = error !== undefined || isDatabaseAway || (waiting?.bytes ?? 0) > 0;
    return {
      status: isDegraded ? 'degraded' : 'ok',
      ...(storage && { storage }),
      ...(isDegraded && waiting && { waiting }),
    };
  }

  private async storage(): Promise<['timescaledb' | 'postgresql' | undefined, unknown]> {
    try {
      const late = () => new Error('no answer in time');
      const { timescaledb } = await within(DATABASE_MS, readStorage(this.dataSource), late);
      return [timescaledb === undefined ? 'postgresql' : 'timescaledb', undefined];
    } catch (error) {
      return [undefined, error];
    }
  }
}
