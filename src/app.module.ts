import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AnalyticsModule, type AnalyticsOptions } from './analytics/analytics.module.js';
import { ServerMetrics } from './operations/metrics/server-metrics.js';
import { ServerObserver } from './operations/metrics/server-observer.js';
import { OperationsModule } from './operations/operations.module.js';
import type { OperationsOptions } from './operations/operations.options.js';

/** The standalone server, put together. */
@Module({})
export class AppModule {
  /** @param dataSource connected and migrated; closed with the application */
  static on(
    dataSource: DataSource,
    options: AnalyticsOptions = {},
    operations: OperationsOptions = {},
  ): DynamicModule {
    const metrics = new ServerMetrics();
    const analytics = AnalyticsModule.forRoot({
      observer: new ServerObserver(metrics),
      ...options,
    });
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
        analytics,
        OperationsModule.watching(analytics, metrics, operations),
      ],
    };
  }
}
