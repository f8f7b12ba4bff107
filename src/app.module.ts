import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { AnalyticsModule, type AnalyticsOptions } from './analytics/analytics.module.js';
import { OperationsModule } from './operations/operations.module.js';

/** The standalone server, put together. */
@Module({})
export class AppModule {
  /** @param dataSource connected and migrated; closed with the application */
  static on(dataSource: DataSource, options: AnalyticsOptions = {}): DynamicModule {
    const analytics = AnalyticsModule.forRoot(options);
    return {
      module: AppModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => dataSource.options,
          dataSourceFactory: () => Promise.resolve(dataSource),
        }),
        analytics,
        OperationsModule.watching(analytics),
      ],
    };
  }
}
