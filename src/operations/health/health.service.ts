import { Injectable, ServiceUnavailableException } from '@nestjs/common';
import { HealthCheckService, type HealthCheckResult } from '@nestjs/terminus';
import { UnavailableError } from '../../common/errors.js';
import { IngestStatus } from '../../ingest/ingest-status.js';
import { HealthChecks } from './health-checks.js';
import type { LivenessDto, ReadinessDto } from './health.dto.js';

/** Events can be stored nowhere, or the process is about to end. */
class NotReadyError extends UnavailableError {
  override readonly details: object;

  constructor({ details }: HealthCheckResult) {
    super('a check has failed');
    this.details = { checks: details };
  }
}

/** Whether the process lives, and whether it can do its work. */
@Injectable()
export class HealthService {
  constructor(
    private readonly terminus: HealthCheckService,
    private readonly checks: HealthChecks,
    private readonly ingest: IngestStatus,
  ) {}

  live(): LivenessDto {
    return { status: 'ok', service: 'user-analytics' };
  }

  /** @throws UnavailableError while the database can't be asked, and the spool takes no events */
  async ready(): Promise<ReadinessDto> {
    const { checks } = this;
    const [state, storage] = await Promise.all([this.ingest.read(), checks.storage()]);
    const { status, details } = await this.check([
      () => checks.database(storage !== undefined, state),
      () => checks.spool(state),
      () => checks.rollups(),
      () => checks.freeDisk(),
    ]);
    const isWaiting = details['database']?.status !== 'up' || (state.waiting?.bytes ?? 0) > 0;
    return {
      status: status === 'ok' ? 'ok' : 'degraded',
      ...(storage && { storage: storage.name }),
      ...(isWaiting && state.waiting && { waiting: state.waiting }),
      checks: details as unknown as ReadinessDto['checks'],
      ...(storage && { features: storage.features }),
    };
  }

  private async check(
    indicators: Parameters<HealthCheckService['check']>[0],
  ): Promise<HealthCheckResult> {
    try {
      return await this.terminus.check(indicators);
    } catch (error) {
      if (!(error instanceof ServiceUnavailableException)) throw error;
      throw new NotReadyError(error.getResponse() as HealthCheckResult);
    }
  }
}
