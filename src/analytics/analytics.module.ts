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
import cors from 'cors';
import type { RequestHandler } from 'express';
import { BodyIdentityResolver, IdentityResolver } from '../access/identity-resolver.js';
import { RequestIdentities } from '../access/request-identities.js';
import { TokenIdentityOptions, TokenIdentityResolver } from '../access/token-identity-resolver.js';
import { WriteKeyOptions, WriteKeys } from '../access/write-keys.js';
import { Clock, SystemClock } from '../common/clock.js';
import { Observer } from '../common/observer.js';
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
import {
  receiveBatchBody,
  receiveEventBody,
  receivePosthogBody,
  receiveProfileBody,
  receiveSegmentBody,
} from '../ingest/body/body.middleware.js';
import { ImportController } from '../ingest/import/import.controller.js';
import { ImportService } from '../ingest/import/import.service.js';
import { IntakeService } from '../ingest/intake.service.js';
import { IngestStatus } from '../ingest/ingest-status.js';
import { RejectionLog } from '../ingest/rejection-log.js';
import { SpoolReplayer } from '../ingest/spool/spool-replayer.js';
import { Spool, SpoolOptions } from '../ingest/spool/spool.js';
import { CommitNotices } from '../ingest/store/commit-notices.js';
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
import { receiveQueryBody } from '../query/query-body.middleware.js';
import { QueryController } from '../query/query.controller.js';
import { QueryService } from '../query/query.service.js';
import { QueryOptions, QueryThreads } from '../query/query-threads.js';
import { UsersController } from '../query/users.controller.js';
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
  /** Who may send events by the dialects of other products; without it everyone. */
  writeKeys?: WriteKeyOptions;
  /** The provider whose tokens tell whose events are; without it their body does. */
  identity?: TokenIdentityOptions;
  /** Tells it in the provider's place: a class, which is injected, or an instance. */
  identityResolver?: Type<IdentityResolver> | IdentityResolver;
  /** How much queries may take. */
  query?: QueryOptions;
  /** Where the tracker is found besides `/analytics.js`. */
  tracker?: TrackerOptions;
  /** Hears what is done, for figures and traces. */
  observer?: Observer;
}

const EVENT = 'analytics';
const BATCH = 'analytics/batch';
const SEGMENT = 'v1/*call';
const POSTHOG = ['batch', 'i/v0/e'];
/** No other site may change who users are: these have no CORS, as queries have none. */
const PROFILE = 'analytics/users/:id';
const QUERIES = ['analytics/query', 'analytics/funnel', 'analytics/retention'];

/** Any site may send events; none may read figures with a visitor's browser. */
const anySite = cors({
  methods: ['POST'],
  exposedHeaders: ['X-Analytics-Rejected', 'Retry-After'],
  maxAge: 86_400,
});

/** Both in one, since each middleware of its own costs a request some microseconds. */
function fromAnySite(receive: RequestHandler): RequestHandler {
  return (request, response, next) => {
    anySite(request, response, () => receive(request, response, next));
  };
}

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
    UsersController,
    ProfilesController,
    MergesController,
    AnalyticsController,
  ],
  providers: [
    AnalyticsService,
    Availability,
    BatchReceiver,
    BatchService,
    CommitNotices,
    DialectService,
    EventChunks,
    EventStore,
    EventWriter,
    ImportService,
    IngestStatus,
    IntakeService,
    LiveFeed,
    MergesService,
    NumberDirectory,
    PosthogService,
    ProfileImportService,
    ProfileStore,
    ProfilesService,
    QueryService,
    QueryThreads,
    RejectionLog,
    RequestIdentities,
    RollupFolder,
    SegmentService,
    StreamService,
    TrackerService,
    WriteKeys,
    { provide: Clock, useClass: SystemClock },
    { provide: StoredEvents, useExisting: LiveFeed },
  ],
  exports: [BatchService, IngestStatus],
})
export class AnalyticsModule implements NestModule {
  constructor(@Optional() private readonly tracker?: TrackerOptions) {}

  /**
   * The module with options.
   *
   * @throws TypeError for a path that the tracker can't have
   */
  static with(options: AnalyticsOptions): DynamicModule {
    const { spool, stream, query, writeKeys, tracker, observer } = options;
    return {
      module: AnalyticsModule,
      controllers: [createTrackerController(trackerPaths(tracker))],
      providers: [
        ...(spool ? [{ provide: SpoolOptions, useValue: spool }, Spool, SpoolReplayer] : []),
        ...(stream ? [{ provide: StreamOptions, useValue: stream }] : []),
        ...(writeKeys ? [{ provide: WriteKeyOptions, useValue: writeKeys }] : []),
        ...identityProviders(options),
        ...(query ? [{ provide: QueryOptions, useValue: query }] : []),
        ...(tracker ? [{ provide: TrackerOptions, useValue: tracker }] : []),
        ...(observer ? [{ provide: Observer, useValue: observer }] : []),
      ],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    const { POST, PUT, OPTIONS } = RequestMethod;
    for (const [path, receive] of [
      [EVENT, receiveEventBody],
      [BATCH, receiveBatchBody],
      [SEGMENT, receiveSegmentBody],
      ...POSTHOG.map((one) => [one, receivePosthogBody] as const),
      ...trackerPaths(this.tracker).map((one) => [one, receiveSegmentBody] as const),
    ] as const) {
      consumer.apply(anySite).forRoutes({ path, method: OPTIONS });
      consumer.apply(fromAnySite(receive)).forRoutes({ path, method: POST });
    }
    consumer.apply(receiveProfileBody).forRoutes({ path: PROFILE, method: PUT });
    for (const path of QUERIES) consumer.apply(receiveQueryBody).forRoutes({ path, method: POST });
  }
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
