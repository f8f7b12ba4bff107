import {
  Module,
  Optional,
  type Provider,
  type Type,
  RequestMethod,
  type DynamicModule,
  type MiddlewareConsumer,
  type NestModule,
} from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { RequestHandler } from 'express';
import { BodyIdentityResolver, IdentityResolver } from '../access/identity-resolver.js';
import { RequestIdentities } from '../access/request-identities.js';
import { TokenIdentityOptions, TokenIdentityResolver } from '../access/token-identity-resolver.js';
import { Access, AccessOptions } from '../access/access.js';
import { AccessGuard } from '../access/access.guard.js';
import { AuditController } from '../access/audit.controller.js';
import { AuditService } from '../access/audit.service.js';
import { corsByKey } from '../access/cors-by-key.js';
import { EnvironmentKeys, WriteKeyOptions } from '../access/environment-keys.js';
import { receiveJsonBody } from '../access/json-body.js';
import { KeyRing } from '../access/keys/key-ring.js';
import { KeysController } from '../access/keys/keys.controller.js';
import { KeysService } from '../access/keys/keys.service.js';
import { RateLimitOptions, RateLimits } from '../access/rate-limits.js';
import { Clock, SystemClock } from '../common/clock.js';
import { DialectService } from '../dialects/dialect.service.js';
import { PosthogController } from '../dialects/posthog/posthog.controller.js';
import { PosthogService } from '../dialects/posthog/posthog.service.js';
import { SegmentController } from '../dialects/segment/segment.controller.js';
import { SegmentShortController } from '../dialects/segment/segment-short.controller.js';
import { SegmentService } from '../dialects/segment/segment.service.js';
import { BatchController } from '../ingest/batch/batch.controller.js';
import { BatchReceiver } from '../ingest/batch/batch-receiver.js';
import { BatchService } from '../ingest/batch/batch.service.js';
import { StreamOptions, StreamService } from '../ingest/batch/stream.service.js';
import { discard } from '../ingest/body/body-chunks.js';
import {
  receiveBatchBody,
  receiveEventBody,
  receivePosthogBody,
  receiveProfileBody,
  receiveSegmentBody,
} from '../ingest/body/body.middleware.js';
import { EventRules, TimestampOptions } from '../ingest/event-rules.js';
import { ImportController } from '../ingest/import/import.controller.js';
import { ImportService } from '../ingest/import/import.service.js';
import { IntakeService } from '../ingest/intake.service.js';
import { IngestStatus } from '../ingest/ingest-status.js';
import { Senders } from '../ingest/senders.js';
import { RejectionLog } from '../ingest/rejection-log.js';
import { SpoolCleaner } from '../ingest/spool/spool-cleaner.js';
import { SpoolReplayer } from '../ingest/spool/spool-replayer.js';
import { Spool, SpoolOptions } from '../ingest/spool/spool.js';
import { EventChunks } from '../ingest/store/event-chunks.js';
import { EventStore } from '../ingest/store/event-store.js';
import { NumberDirectory } from '../ingest/store/number-directory.js';
import { StoredEvents } from '../ingest/stored-events.js';
import { Availability } from '../ingest/writer/availability.js';
import { EventWriter } from '../ingest/writer/event-writer.js';
import { LiveController } from '../live/live.controller.js';
import { LiveFeed } from '../live/live-feed.js';
import { ProfileImportService } from '../profiles/import/import.service.js';
import { MergesController } from '../profiles/merges/merges.controller.js';
import { MergesService } from '../profiles/merges/merges.service.js';
import { ProfileStore } from '../profiles/profile-store.js';
import { ProfilesController } from '../profiles/profiles.controller.js';
import { ProfilesService } from '../profiles/profiles.service.js';
import { ErasureService } from '../privacy/erasure.service.js';
import { ErasureWatch } from '../privacy/erasure-watch.js';
import { ExportService } from '../privacy/export.service.js';
import { PrivacyController } from '../privacy/privacy.controller.js';
import { PrivacyOptions } from '../privacy/privacy.options.js';
import { RememberedUsers } from '../privacy/remembered-users.js';
import { receiveQueryBody } from '../query/query-body.middleware.js';
import { QueryController } from '../query/query.controller.js';
import { QueryService } from '../query/query.service.js';
import { QueryOptions, QueryThreads } from '../query/query-threads.js';
import { UsersController } from '../query/users.controller.js';
import { RetentionWorker } from '../retention/retention-worker.js';
import { checkRetention, RetentionOptions } from '../retention/retention.options.js';
import { RollupFolder } from '../rollup/rollup-folder.js';
import { createTrackerController } from '../tracker/tracker.controller.js';
import { TrackerOptions, trackerPaths } from '../tracker/tracker.options.js';
import { TrackerService } from '../tracker/tracker.service.js';
import { AnalyticsController } from './analytics.controller.js';
import { AnalyticsService } from './analytics.service.js';
import { Event } from './event.entity.js';
import { User } from './user.entity.js';

/** How the way in and the way out behave. */
export interface AnalyticsOptions {
  /** Where events wait while the database is away; without it they are refused then. */
  spool?: SpoolOptions;
  /** Without it a stream may bring any number of bytes. */
  stream?: StreamOptions;
  /** Keys by which events may be sent, besides those that the database has. */
  writeKeys?: WriteKeyOptions;
  /** Who gets in; without it who has a key, and this machine while there is none. */
  access?: AccessOptions;
  /** How often one may ask. */
  limits?: RateLimitOptions;
  /** The provider whose tokens tell whose events are; without it their body does. */
  identity?: TokenIdentityOptions;
  /** Tells it in the provider's place: a class, which is injected, or an instance. */
  identityResolver?: Type<IdentityResolver> | IdentityResolver;
  /** How much queries may take. */
  query?: QueryOptions;
  /** Which times events may have: at most a day to come if nothing else is said. */
  timestamps?: TimestampOptions;
  /** How long things are kept; without it for ever. */
  retention?: RetentionOptions;
  /** For how long older events of who was erased are refused; 30 days without it. */
  privacy?: PrivacyOptions;
  /** Where the tracker is found besides `/analytics.js`. */
  tracker?: TrackerOptions;
}

const EVENT = 'analytics';
const BATCH = 'analytics/batch';
const SEGMENT = 'v1/*call';
const POSTHOG = ['batch', 'i/v0/e'];
/** No other site may change who users are: these have no CORS, as queries have none. */
const PROFILE = 'analytics/users/:id';
const KEYS = ['analytics/keys', 'analytics/keys/:id/rotate'];
const QUERIES = ['analytics/query', 'analytics/funnel', 'analytics/retention'];

/** What pages of other sites may ask, by a key that says so. */
const FIGURES = [
  EVENT,
  ...QUERIES,
  ...['events', 'export', 'live', 'rejections', 'merges', 'users', 'users/:id'].map(
    (path) => `analytics/${path}`,
  ),
];

/** Events in, figures out. Works on the TypeORM data source of the application around it. */
@Module({
  imports: [TypeOrmModule.forFeature([User, Event])],
  controllers: [
    BatchController,
    ImportController,
    SegmentController,
    SegmentShortController,
    PosthogController,
    QueryController,
    LiveController,
    KeysController,
    AuditController,
    UsersController,
    ProfilesController,
    PrivacyController,
    MergesController,
    AnalyticsController,
  ],
  providers: [
    Access,
    AccessGuard,
    AnalyticsService,
    AuditService,
    Availability,
    BatchReceiver,
    BatchService,
    DialectService,
    EnvironmentKeys,
    ErasureService,
    ErasureWatch,
    EventChunks,
    EventRules,
    EventStore,
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
  exports: [Access, BatchService, IngestStatus],
})
export class AnalyticsModule implements NestModule {
  constructor(
    private readonly access: Access,
    @Optional() private readonly tracker?: TrackerOptions,
  ) {}

  /**
   * The module with options.
   *
   * @throws TypeError for a path that the tracker can't have, or for days that nothing can be kept
   */
  static with(options: AnalyticsOptions): DynamicModule {
    const { spool, stream, query, timestamps, writeKeys, tracker, access, limits } = options;
    const { retention, privacy } = options;
    if (retention) checkRetention(retention);
    return {
      module: AnalyticsModule,
      controllers: [createTrackerController(trackerPaths(tracker))],
      providers: [
        ...(spool ? [{ provide: SpoolOptions, useValue: spool }, Spool, SpoolReplayer] : []),
        ...(stream ? [{ provide: StreamOptions, useValue: stream }] : []),
        ...(writeKeys ? [{ provide: WriteKeyOptions, useValue: writeKeys }] : []),
        ...(access ? [{ provide: AccessOptions, useValue: access }] : []),
        ...(limits ? [{ provide: RateLimitOptions, useValue: limits }] : []),
        ...identityProviders(options),
        ...(query ? [{ provide: QueryOptions, useValue: query }] : []),
        ...(timestamps ? [{ provide: TimestampOptions, useValue: timestamps }] : []),
        ...(retention ? [{ provide: RetentionOptions, useValue: retention }] : []),
        ...(privacy ? [{ provide: PrivacyOptions, useValue: privacy }] : []),
        ...(tracker ? [{ provide: TrackerOptions, useValue: tracker }] : []),
      ],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    const { GET, POST, PUT, OPTIONS } = RequestMethod;
    const writeCors = corsByKey(this.access, 'write');
    const readCors = corsByKey(this.access, 'read');
    for (const [path, receive] of [
      [EVENT, receiveEventBody],
      [BATCH, receiveBatchBody],
      [SEGMENT, receiveSegmentBody],
      ...POSTHOG.map((one) => [one, receivePosthogBody] as const),
      ...trackerPaths(this.tracker).map((one) => [one, receiveSegmentBody] as const),
    ] as const) {
      consumer.apply(writeCors).forRoutes({ path, method: OPTIONS });
      consumer.apply(inTurn(writeCors, this.admitting(receive))).forRoutes({ path, method: POST });
    }
    consumer.apply(this.admitting(receiveProfileBody)).forRoutes({ path: PROFILE, method: PUT });
    for (const path of KEYS) {
      consumer.apply(this.admitting(receiveJsonBody)).forRoutes({ path, method: POST });
    }
    for (const path of FIGURES) {
      // What one kind of key says of the original endpoint's path doesn't hide what the other does.
      consumer.apply(readCors).forRoutes({ path, method: GET }, { path, method: OPTIONS });
    }
    for (const path of QUERIES) {
      consumer
        .apply(inTurn(readCors, this.admitting(receiveQueryBody)))
        .forRoutes({ path, method: POST });
    }
  }

  /** A body is read of a request that may be answered; of others what comes is thrown away. */
  private admitting(receive: RequestHandler): RequestHandler {
    return async (request, response, next) => {
      const problem = await this.access.admit(request, response);
      if (problem) {
        void discard(request);
        next();
      } else {
        await receive(request, response, next);
      }
    };
  }
}

/** Both in one, since each middleware of its own costs a request some microseconds. */
function inTurn(first: RequestHandler, second: RequestHandler): RequestHandler {
  return (request, response, next) =>
    first(request, response, (error?: unknown) =>
      error === undefined ? void second(request, response, next) : next(error),
    );
}

function identityProviders({ identity, identityResolver }: AnalyticsOptions): Provider[] {
  if (identityResolver instanceof IdentityResolver) {
    return [{ provide: IdentityResolver, useValue: identityResolver }];
  }
  const useClass = identityResolver ?? (identity ? TokenIdentityResolver : BodyIdentityResolver);
  return [
    { provide: IdentityResolver, useClass },
    ...(identity ? [{ provide: TokenIdentityOptions, useValue: identity }] : []),
  ];
}
