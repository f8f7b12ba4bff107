import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { UnavailableError } from '../common/errors.js';
import { readStorage } from '../database/storage.js';
import type { LivenessDto, ReadinessDto } from './health.dto.js';

/** Whether the process lives, and whether it can do its work. */
@Injectable()
export class HealthService {
  constructor(private readonly dataSource: DataSource) {}

  live(): LivenessDto {
    return { status: 'ok', service: 'user-analytics' };
  }

  /** @throws UnavailableError while the database can't be asked */
  async ready(): Promise<ReadinessDto> {
    try {
      const { timescaledb } = await readStorage(this.dataSource);
      return { status: 'ok', storage: timescaledb === undefined ? 'postgresql' : 'timescaledb' };
    } catch (error) {
      throw new UnavailableError(error);
    }
  }
}
