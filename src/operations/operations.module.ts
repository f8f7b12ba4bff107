import { Module, type DynamicModule } from '@nestjs/common';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { HomeController } from './home.controller.js';

/** What those who run the server need. */
@Module({ controllers: [HealthController, HomeController], providers: [HealthService] })
export class OperationsModule {
  /** @param analytics the module whose way in is watched */
  static watching(analytics: DynamicModule): DynamicModule {
    return { module: OperationsModule, imports: [analytics] };
  }
}
