import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { DataSource } from 'typeorm';
import { DEFAULT_LIMITS } from '../access/rate-limits.js';
import type { AnalyticsOptions } from '../analytics/analytics.module.js';
import { within } from '../common/within.js';
import type { Configuration } from '../configuration.js';
import { createServerLog } from '../operations/log/server-log.js';
import type { MetricsCrew, ProcessMetrics } from '../operations/metrics/metrics-crew.js';
import { MetricsService } from '../operations/metrics/metrics.service.js';
import type { OperationsOptions } from '../operations/operations.options.js';
import { createApp } from '../create-app.js';
import { LiveFeed } from '../live/live-feed.js';
import { QueryOptions } from '../query/query-threads.js';
import { drain } from './drain.js';
import { explainListenError } from './listen-error.js';

/**
 * A database that hangs never ends its connections, so the end waits no longer for them. All that
 * was acknowledged is stored or in the spool by then. With the drain's 10 s less than a worker's 20.
 */
const CLOSE_MS = 9_000;

/** The application on its port. */
export interface HttpService {
  /** The one that is listened on. */
  port: number;
  /**
   * Answers what is under way (10 seconds at most), writes what waits in memory, and ends the
   * connections to the database; those that don't end within 9 seconds are left to the process's end.
   */
  stop(): Promise<void>;
  /** What this process has counted, for others to sum up. */
  metrics(): Promise<ProcessMetrics>;
}

/**
 * @param dataSource connected and migrated; closed at the end, and when this fails
 * @param crew the processes that are one server, where there are several
 * @throws ListenError with a message for people
 */
export async function serveHttp(
  dataSource: DataSource,
  configuration: Configuration,
  crew?: MetricsCrew,
): Promise<HttpService> {
  const { host, port } = configuration;
  const settings = {
    trustProxy: configuration.trustProxy,
    ...operationsOptions(configuration, crew),
  };
  const app = await createApp(dataSource, analyticsOptions(configuration), settings).catch(
    async (error: unknown) => {
      await dataSource.destroy();
      throw error;
    },
  );
  const server: Server = app.getHttpServer();
  await listen(app, server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    metrics: () => app.get(MetricsService, { strict: false }).own(),
    stop: async () => {
      // The drain waits for what is under way, and these would never end.
      app.get(LiveFeed, { strict: false }).endStreams();
      await drain(server);
      await closeInTime(app);
    },
  };
}

async function closeInTime(app: NestExpressApplication): Promise<void> {
  const late = () => new Error('the database does not answer; its connections are left behind');
  await within(CLOSE_MS, app.close(), late).catch((error: Error) =>
    new Logger('Server').warn(`Not closed in order: ${error.message}`),
  );
}

function operationsOptions(
  { dataDir: directory, diskMinFreeBytes: minFreeBytes, log }: Configuration,
  crew: MetricsCrew | undefined,
): OperationsOptions {
  return {
    disk: { directory, minFreeBytes },
    log: createServerLog(log),
    ...(crew && { crew }),
  };
}

function analyticsOptions({
  dataDir,
  spoolMaxBytes,
  streamMaxBytes,
  query,
  workers,
  writeKeys,
  identity,
  timestamps,
  trackerPath,
  access,
  limits,
  retention,
  erasureDays,
}: Configuration): AnalyticsOptions {
  return {
    spool: { directory: join(dataDir, 'spool'), maxBytes: Math.floor(spoolMaxBytes / workers) },
    ...(streamMaxBytes !== undefined && { stream: { maxBytes: streamMaxBytes } }),
    ...(writeKeys && { writeKeys: { sources: new Map(writeKeys) } }),
    access: { open: access === 'open' },
    limits: {
      perAddress: limits.perAddress ?? DEFAULT_LIMITS.perAddress,
      perKey: limits.perKey ?? DEFAULT_LIMITS.perKey,
    },
    ...(identity && { identity }),
    ...(trackerPath !== undefined && { tracker: { path: trackerPath } }),
    timestamps,
    ...(retention && { retention }),
    privacy: { erasureDays },
    query: Object.assign(new QueryOptions(), query),
  };
}

async function listen(
  app: NestExpressApplication,
  server: Server,
  host: string,
  port: number,
): Promise<void> {
  try {
    await app.init();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, host, resolve);
    });
  } catch (error) {
    await app.close();
    throw explainListenError(error, host, port);
  }
}
