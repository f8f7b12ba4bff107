import type { Server } from 'node:http';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Express } from 'express';
import type { DataSource } from 'typeorm';
import { Access } from './access/access.js';
import type { AnalyticsOptions } from './analytics/analytics.module.js';
import { AppModule } from './app.module.js';
import { AnalyticsExceptionFilter } from './common/analytics-exception.filter.js';
import { setUpExplorer } from './explorer.js';
import { createOpenApiDocument } from './openapi.js';
import { ServerMetrics } from './operations/metrics/server-metrics.js';
import type { LogOptions } from './operations/log/log-options.js';
import { createServerLog } from './operations/log/server-log.js';
import type { OperationsOptions } from './operations/operations.options.js';
import { watchRequests } from './operations/requests/watch-requests.js';
import { answerClientErrors } from './server/client-errors.js';
import { protectedMode } from './server/protected-mode.js';
import { setSecurityHeaders } from './server/security-headers.js';
import { FastExpressAdapter } from './server/fast-express.adapter.js';

/** How the server stands towards what is before it, and those who run it. */
export interface ServerSettings extends OperationsOptions {
  /** Which proxies are believed whom they ask for: so many in a row, or these; without it none. */
  trustProxy?: number | string[] | undefined;
}

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
  { trustProxy, ...operations }: ServerSettings = {},
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
  answerInFull(app);
  app.disable('x-powered-by');
  app.set('trust proxy', trustProxy ?? false);
  setSecurityHeaders(app, '/docs');
  app.use(protectedMode(app.get(Access, { strict: false })));
  // What no controller answers, such as a path that can't be decoded, is told in the same form.
  app.useGlobalFilters(new AnalyticsExceptionFilter());
  answerEveryExpectation(app.getHttpServer());
  answerClientErrors(app.getHttpServer());
  watchRequests(app.getHttpServer(), app.get(ServerMetrics).requests, requests);
  setUpExplorer(app, createOpenApiDocument(app));
  return app;
}

/** By `If-None-Match: *` Express answers 304 to whoever has any answer, be it an old one. */
function answerInFull(app: NestExpressApplication): void {
  const express: Express = app.getHttpAdapter().getInstance();
  Object.defineProperty(express.request, 'fresh', { get: () => false });
}

/**
 * To a header `Expect` that isn't `100-continue` Node answers 417 by itself. A server may as well
 * leave it out of account (RFC 9110, section 10.1.1), and the original endpoint always answers 204.
 */
function answerEveryExpectation(server: Server): void {
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}
