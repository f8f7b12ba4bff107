import { ModuleRef } from '@nestjs/core';
import type { Provider } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BodyIdentityResolver, IdentityResolver } from '../access/identity-resolver.js';
import { TokenIdentityResolver } from '../access/token-identity-resolver.js';
import { AccessOptions } from '../access/access.js';
import { WriteKeyOptions } from '../access/environment-keys.js';
import { RateLimitOptions } from '../access/rate-limits.js';
import { TimestampOptions } from '../ingest/event-rules.js';
import { PrivacyOptions } from '../privacy/privacy.options.js';
import { RetentionOptions } from '../retention/retention.options.js';
import { Clock } from '../common/clock.js';
import { GuardedObserver } from '../common/guarded-observer.js';
import { Observer } from '../common/observer.js';
import { StreamOptions } from '../ingest/batch/stream.service.js';
import { RejectionLog } from '../ingest/rejection-log.js';
import { SpoolReplayer } from '../ingest/spool/spool-replayer.js';
import { Spool } from '../ingest/spool/spool.js';
import { EventStore } from '../ingest/store/event-store.js';
import { Availability } from '../ingest/writer/availability.js';
import { QueryOptions } from '../query/query-threads.js';
import type { ModuleOptions } from './analytics.options.js';

/**
 * What follows from options, which may not be known before the application starts: what they leave out
 * is undefined then.
 *
 * @param options their token
 */
export function optionProviders(options: string | symbol): Provider[] {
  /** One part of them, for who takes no other. */
  const part = <Part>(
    provide: abstract new (...args: never[]) => Part,
    useFactory: (given: ModuleOptions) => Part | undefined,
  ): Provider => ({ provide, useFactory, inject: [options] });
  return [
    part(StreamOptions, ({ stream }) => stream),
    part(WriteKeyOptions, ({ writeKeys }) => writeKeys),
    part(AccessOptions, ({ access }) => access),
    part(RateLimitOptions, ({ limits }) => limits),
    part(TimestampOptions, ({ timestamps }) => timestamps),
    part(RetentionOptions, ({ retention }) => retention),
    part(Observer, ({ observer }) => observer && new GuardedObserver(observer)),
    part(PrivacyOptions, ({ privacy }) => privacy),
    part(QueryOptions, ({ query }) => query && Object.assign(new QueryOptions(), query)),
    {
      provide: IdentityResolver,
      inject: [options, Clock, ModuleRef],
      useFactory: resolverOf,
    },
    {
      provide: Spool,
      inject: [options, DataSource, Clock],
      useFactory: ({ spool }: ModuleOptions, dataSource: DataSource, clock: Clock) =>
        spool && new Spool(spool, dataSource, clock),
    },
    {
      provide: SpoolReplayer,
      inject: [
        { token: Spool, optional: true },
        EventStore,
        Availability,
        RejectionLog,
        DataSource,
      ],
      useFactory: (
        spool: Spool | undefined,
        ...rest: [EventStore, Availability, RejectionLog, DataSource]
      ) => spool && new SpoolReplayer(spool, ...rest),
    },
  ];
}

function resolverOf(
  { identity, identityResolver }: ModuleOptions,
  clock: Clock,
  moduleRef: ModuleRef,
): IdentityResolver | Promise<IdentityResolver> {
  if (identityResolver instanceof IdentityResolver) return identityResolver;
  if (identityResolver) return moduleRef.create(identityResolver);
  return identity ? new TokenIdentityResolver(identity, clock) : new BodyIdentityResolver();
}
