import type { MetricObjectWithValues, MetricValue } from 'prom-client';

/** The figures of one process, as they go to another. */
export type ProcessMetrics = MetricObjectWithValues<MetricValue<string>>[];

/** The processes that are one server. */
export abstract class MetricsCrew {
  /**
   * Sums up the figures of all of them, this one included.
   *
   * @returns them in Prometheus's text format
   * @throws UnavailableError when they can't be had in time
   */
  abstract gather(): Promise<string>;
}
