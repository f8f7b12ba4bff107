import { Module, type DynamicModule } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { HealthChecks } from './health/health-checks.js';
import { HealthController } from './health/health.controller.js';
import { HealthService } from './health/health.service.js';
import { HomeController } from './home.controller.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { MetricsCrew } from './metrics/metrics-crew.js';
import { MetricsService } from './metrics/metrics.service.js';
import { ServerMetrics } from './metrics/server-metrics.js';
import { StateGauges } from './metrics/state-gauges.js';
import { DiskOptions, type OperationsOptions } from './operations.options.js';

/** What those who run the server need. */
@Module({
  // Whoever asks again and again would fill the log with the same.
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController, HomeController, MetricsController],
  providers: [HealthChecks, HealthService, MetricsService, StateGauges],
})
export class OperationsModule {
  /**
   * @param analytics the module whose way in is watched
   * @param metrics where it counts
   */
  static watching(
    analytics: DynamicModule,
    metrics: ServerMetrics,
    { disk, crew }: OperationsOptions,
  ): DynamicModule {
    return {
      module: OperationsModule,
      imports: [analytics],
      providers: [
        { provide: ServerMetrics, useValue: metrics },
        ...(disk ? [{ provide: DiskOptions, useValue: disk }] : []),
        ...(crew ? [{ provide: MetricsCrew, useValue: crew }] : []),
      ],
    };
  }
}
