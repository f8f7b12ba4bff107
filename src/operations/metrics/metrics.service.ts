import { Injectable, Optional } from '@nestjs/common';
import { Registry } from 'prom-client';
import { MetricsCrew, type ProcessMetrics } from './metrics-crew.js';
import { processMetrics } from './process-metrics.js';
import { ServerMetrics } from './server-metrics.js';

/** Figures for Prometheus. */
@Injectable()
export class MetricsService {
  constructor(
    private readonly metrics: ServerMetrics,
    @Optional() private readonly crew?: MetricsCrew,
  ) {}

  /**
   * @returns what Prometheus reads, of all processes of this server
   * @throws UnavailableError when another process's can't be had in time
   */
  text(): Promise<string> {
    return this.crew ? this.crew.gather() : this.all().metrics();
  }

  /** Of this process alone. */
  own(): Promise<ProcessMetrics> {
    return this.all().getMetricsAsJSON();
  }

  private all(): Registry {
    return Registry.merge([this.metrics.registry, processMetrics()]);
  }
}
