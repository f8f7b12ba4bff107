import { Module } from '@nestjs/common';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { HomeController } from './home.controller.js';

/** What those who run the server need. */
@Module({ controllers: [HealthController, HomeController], providers: [HealthService] })
export class OperationsModule {}
