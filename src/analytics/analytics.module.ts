import {
  ConfigurableModuleBuilder,
  Inject,
  Module,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Access } from '../access/access.js';
import { AccessGuard } from '../access/access.guard.js';
import { AuditService } from '../access/audit.service.js';
import { EnvironmentKeys } from '../access/environment-keys.js';
import { KeyRing } from '../access/keys/key-ring.js';
import { KeysService } from '../access/keys/keys.service.js';
import { RateLimits } from '../access/rate-limits.js';
import { RequestIdentities } from '../access/request-identities.js';
import { Clock, SystemClock } from '../common/clock.js';
import { DashboardFiles } from '../dashboard/dashboard-files.js';
import { DialectService } from '../dialects/dialect.service.js';
import { PosthogService } from '../dialects/posthog/posthog.service.js';
import { SegmentService } from '../dialects/segment/segment.service.js';
import { BatchReceiver } from '../ingest/batch/batch-receiver.js';
import { BatchService } from '../ingest/batch/batch.service.js';
import { StreamService } from '../ingest/batch/stream.service.js';
import { EventRules } from '../ingest/event-rules.js';
import { ImportService } from '../ingest/import/import.service.js';
import { IntakeService } from '../ingest/intake.service.js';
import { IngestStatus } from '../ingest/ingest-status.js';
import { Senders } from '../ingest/senders.js';
import { RejectionLog } from '../ingest/rejection-log.js';
import { SpoolCleaner } from '../ingest/spool/spool-cleaner.js';
import { CommitNotices } from '../ingest/store/commit-notices.js';
import { EventChunks } from '../ingest/store/event-chunks.js';
import { EventStore } from '../ingest/store/event-store.js';
import { NumberDirectory } from '../ingest/store/number-directory.js';
import { StoredEvents } from '../ingest/stored-events.js';
import { Availability } from '../ingest/writer/availability.js';
import { EventWriter } from '../ingest/writer/event-writer.js';
import { LiveFeed } from '../live/live-feed.js';
import { ProfileImportService } from '../profiles/import/import.service.js';
import { MergesService } from '../profiles/merges/merges.service.js';
import { ProfileStore } from '../profiles/profile-store.js';
import { ProfilesService } from '../profiles/profiles.service.js';
import { ErasureService } from '../privacy/erasure.service.js';
import { ErasureWatch } from '../privacy/erasure-watch.js';
import { ExportService } from '../privacy/export.service.js';
import { RememberedUsers } from '../privacy/remembered-users.js';
import { QueryService } from '../query/query.service.js';
import { QueryThreads } from '../query/query-threads.js';
import { RetentionWorker } from '../retention/retention-worker.js';
import { RollupFolder } from '../rollup/rollup-folder.js';
import { TrackerService } from '../tracker/tracker.service.js';
import {
  DEFAULT_EXTRAS,
  RegisteredExtras,
  type AnalyticsExtras,
  type ModuleOptions,
} from './analytics.options.js';
import { AnalyticsService } from './analytics.service.js';
import { receiveBodies } from './bodies.js';
import { checkExtras } from './check-extras.js';
import { CHECKED_OPTIONS, checkOptions } from './check-options.js';
import { Connection, connectionProviders, HostDataSourceModule } from './connection.js';
import { endpointsOf } from './endpoints.js';
import { analyticsToken, trackerToken } from './inject-analytics.js';
import { OriginalApiService } from './original-api.service.js';
import { optionProviders } from './providers.js';
import { EventTracker } from './track/event-tracker.js';

export type { AnalyticsOptions } from './analytics.options.js';

const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } =
  new ConfigurableModuleBuilder<ModuleOptions>({ moduleName: 'Analytics' })
    .setClassMethodName('forRoot')
    .setExtras<AnalyticsExtras>(DEFAULT_EXTRAS, complete)
    .build();

/** Events in, figures out, as a server of its own or inside a larger application. */
@Module({
  providers: [
    Access,
    AccessGuard,
    AnalyticsService,
    AuditService,
    Availability,
    BatchReceiver,
    BatchService,
    CommitNotices,
    DashboardFiles,
    DialectService,
    EnvironmentKeys,
    ErasureService,
    ErasureWatch,
    EventChunks,
    EventRules,
    EventStore,
    EventTracker,
    EventWriter,
    ExportService,
    ImportService,
    IngestStatus,
    IntakeService,
    KeyRing,
    KeysService,
    LiveFeed,
    MergesService,
    NumberDirectory,
    OriginalApiService,
    PosthogService,
    ProfileImportService,
    ProfileStore,
    ProfilesService,
    QueryService,
    QueryThreads,
    RateLimits,
    RejectionLog,
    RememberedUsers,
    RequestIdentities,
    RetentionWorker,
    RollupFolder,
    SegmentService,
    Senders,
    SpoolCleaner,
    StreamService,
    TrackerService,
    { provide: Clock, useClass: SystemClock },
    { provide: StoredEvents, useExisting: LiveFeed },
  ],
  exports: [Access, AnalyticsService, BatchService, EventTracker, IngestStatus],
})
export class AnalyticsModule
  extends ConfigurableModuleClass
  implements NestModule, OnApplicationShutdown
{
  constructor(
    @Inject(RegisteredExtras) private readonly extras: RegisteredExtras,
    private readonly connection: Connection,
    private readonly adapterHost: HttpAdapterHost,
    private readonly access: Access,
  ) {
    super();
  }

  configure(consumer: MiddlewareConsumer): void {
    const isFastify = this.adapterHost.httpAdapter.getType() === 'fastify';
    receiveBodies(consumer, this.extras, { access: this.access, isFastify });
  }

  /** After all that works on it has ended. */
  async onApplicationShutdown(): Promise<void> {
    await this.connection.close();
  }
}

/**
 * @param definition what has the options
 * @throws TypeError for a path that can be none
 */
function complete(definition: DynamicModule, given: AnalyticsExtras): DynamicModule {
  checkExtras(given, !isGivenNow(definition));
  const extras = { ...DEFAULT_EXTRAS, ...given, path: readPath(given.path) };
  const { path, tracker, segment, posthog } = extras;
  const named = extras.name === undefined ? [] : [analyticsToken(extras.name)];
  return {
    ...definition,
    global: extras.isGlobal,
    imports: [
      ...(definition.imports ?? []),
      ...extras.imports,
      HostDataSourceModule.named(extras.dataSource),
    ],
    controllers: endpointsOf(extras),
    providers: [
      ...(definition.providers ?? []),
      { provide: CHECKED_OPTIONS, inject: [MODULE_OPTIONS_TOKEN], useFactory: checkOptions },
      ...connectionProviders(CHECKED_OPTIONS, extras.dataSource),
      ...optionProviders(CHECKED_OPTIONS),
      { provide: RegisteredExtras, useValue: { path, tracker, segment, posthog } },
      ...named.map((provide) => ({ provide, useExisting: AnalyticsService })),
      ...named.map((token) => ({ provide: trackerToken(token), useExisting: EventTracker })),
    ],
    exports: [...(definition.exports ?? []), ...named, ...named.map(trackerToken)],
  };
}

/** Whether the options are there already, by `forRoot`. */
function isGivenNow({ providers = [] }: DynamicModule): boolean {
  return providers.some(
    (one) => 'provide' in one && one.provide === MODULE_OPTIONS_TOKEN && 'useValue' in one,
  );
}

const SEGMENT = /^(?!\.{1,2}$)[\w.-]+$/;

function readPath(path = ''): string {
  const segments = path.split('/').filter((segment) => segment !== '');
  if (segments.every((segment) => SEGMENT.test(segment))) return segments.join('/');
  throw new TypeError(
    'path must be letters, digits and - _ . between slashes, such as shop/events',
  );
}
