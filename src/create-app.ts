import type { Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import type { DataSource } from 'typeorm';
import type { AnalyticsOptions } from './analytics/analytics.module.js';
import { AppModule } from './app.module.js';
import { createOpenApiDocument } from './openapi.js';
import { ServerMetrics } from './operations/metrics/server-metrics.js';
import type { LogOptions } from './operations/log/log-options.js';
import { createServerLog } from './operations/log/server-log.js';
import type { OperationsOptions } from './operations/operations.options.js';
import { watchRequests } from './operations/requests/watch-requests.js';
import { answerClientErrors } from './server/client-errors.js';
import { FastExpressAdapter } from './server/fast-express.adapter.js';

/** What goes wrong, for people. */
const DEFAULT_LOG: LogOptions = { format: 'text', level: 'warn' };

/**
 * The standalone server, ready to listen: the API, and the explorer at `/docs`.
 *
 * @param dataSource connected and migrated; closed with the application
 */
export async function createApp(
  dataSource: DataSource,
  options: AnalyticsOptions = {},
  operations: OperationsOptions = {},
): Promise<NestExpressApplication> {
  const { logger, requests } = operations.log ?? createServerLog(DEFAULT_LOG);
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.on(dataSource, options, operations),
    new FastExpressAdapter(),
    {
      // Each endpoint takes its body itself: the original one answers 204 even where it's broken.
      bodyParser: false,
      logger,
      abortOnError: false,
    },
  );
  // Figures differ from one moment to the next: a digest of each answer helps nobody.
  app.disable('etag');
  app.disable('x-powered-by');
  answerEveryExpectation(app.getHttpServer());
  answerClientErrors(app.getHttpServer());
  watchRequests(app.getHttpServer(), app.get(ServerMetrics).requests, requests);
  SwaggerModule.setup('docs', app, createOpenApiDocument(app));
  return app;
}

/**
 * To a header `Expect` that isn't `100-continue` Node answers 417 by itself. A server may as well
 * leave it out of account (RFC 9110, section 10.1.1), and the original endpoint always answers 204.
 */
function answerEveryExpectation(server: Server): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}
