import { Module, RequestMethod, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import cors from 'cors';
import { Clock, SystemClock } from '../common/clock.js';
import { BatchController } from '../ingest/batch/batch.controller.js';
import { BatchService } from '../ingest/batch/batch.service.js';
import { receiveBatchBody, receiveEventBody } from '../ingest/body.middleware.js';
import { EventChunks } from '../ingest/event-chunks.js';
import { EventWriter } from '../ingest/event-writer.js';
import { RejectionLog } from '../ingest/rejection-log.js';
import { AnalyticsController } from './analytics.controller.js';
import { AnalyticsService } from './analytics.service.js';
import { Event } from './event.entity.js';
import { User } from './user.entity.js';

const EVENT = 'analytics';
const BATCH = 'analytics/batch';

/** Any site may send events; none may read figures with a visitor's browser. */
const anySite = cors({
  methods: ['POST'],
  exposedHeaders: ['X-Analytics-Rejected', 'Retry-After'],
  maxAge: 86_400,
});

/** Events in, figures out. Works on the TypeORM data source of the application around it. */
@Module({
  imports: [TypeOrmModule.forFeature([User, Event])],
  controllers: [BatchController, AnalyticsController],
  providers: [
    AnalyticsService,
    BatchService,
    EventChunks,
    EventWriter,
    RejectionLog,
    { provide: Clock, useClass: SystemClock },
  ],
  exports: [BatchService],
})
export class AnalyticsModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    const { POST, OPTIONS } = RequestMethod;
    consumer
      .apply(anySite)
      .forRoutes(
        ...[EVENT, BATCH].flatMap((path) => [POST, OPTIONS].map((method) => ({ path, method }))),
      );
    consumer.apply(receiveEventBody).forRoutes({ path: EVENT, method: POST });
    consumer.apply(receiveBatchBody).forRoutes({ path: BATCH, method: POST });
  }
}
