import type { CanActivate, ModuleMetadata, Type } from '@nestjs/common';
import type { IdentityResolver } from '../access/identity-resolver.js';
import type { Observer } from '../common/observer.js';
import type { TokenIdentityOptions } from '../access/token-identity-resolver.js';
import type { AccessOptions } from '../access/access.js';
import type { WriteKeyOptions } from '../access/environment-keys.js';
import type { RateLimitOptions } from '../access/rate-limits.js';
import type { TimestampOptions } from '../ingest/event-rules.js';
import type { PrivacyOptions } from '../privacy/privacy.options.js';
import type { RetentionOptions } from '../retention/retention.options.js';
import type { StreamOptions } from '../ingest/batch/stream.service.js';
import type { SpoolOptions } from '../ingest/spool/spool.js';
import type { QueryOptions } from '../query/query-threads.js';
import type { TrackerOptions } from '../tracker/tracker.options.js';

/** A connection of the module's own, which it opens, migrates and closes. */
export interface DatabaseOptions {
  /** Of PostgreSQL, such as `postgres://app:secret@db/analytics`; never shown. */
  url: string;
  /**
   * The schema in which the tables lie, created where it's missing: 1 to 63 of the letters a to z,
   * digits and _, with no digit first. `public` without it.
   */
  schema?: string;
}

/** How the way in and the way out behave. All of it may come later, by `forRootAsync`. */
export interface ModuleOptions {
  /** A connection of its own; without it a data source of the application around the module. */
  database?: DatabaseOptions;
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
  /** Which times events may have: at most a day to come if nothing else is said. */
  timestamps?: TimestampOptions;
  /** How long things are kept; without it for ever. */
  retention?: RetentionOptions;
  /** For how long older events of who was erased are refused; 30 days without it. */
  privacy?: PrivacyOptions;
  /** The provider whose tokens tell whose events are; without it their body does. */
  identity?: TokenIdentityOptions;
  /** Tells it in the provider's place: a class, which is injected, or an instance. */
  identityResolver?: Type<IdentityResolver> | IdentityResolver;
  /** Hears what is done, for figures and traces. */
  observer?: Observer;
  /** How much queries may take. */
  query?: Partial<QueryOptions>;
}

/** What the module is made of: known when it's registered, since routes and tokens follow from it. */
export interface AnalyticsExtras {
  /** What its paths begin with, behind the application's own prefix, such as `shop`; nothing without it. */
  path?: string;
  /**
   * The data source of the application around the module, by the name that it was registered with;
   * without it the one without a name.
   */
  dataSource?: string;
  /** Tells this one from others of the same application: see `InjectAnalytics` and `Track`. */
  name?: string;
  /** Whether `AnalyticsService` can be injected, and `Track` used, without importing the module. */
  isGlobal?: boolean;
  /** Whether there is the page for people. */
  dashboard?: boolean;
  /** Whether there is the script for pages, and by which path besides `/analytics.js`. */
  tracker?: boolean | TrackerOptions;
  /** Whether there is Segment's tracking API. */
  segment?: boolean;
  /** Whether there is PostHog's. */
  posthog?: boolean;
  /** Whether its endpoints are described by the application's OpenAPI document. */
  openapi?: boolean;
  /** Guards of all its endpoints but those by which events come in. */
  guards?: Type<CanActivate>[];
  /** Modules that have what the guards and the identity resolver need. */
  imports?: NonNullable<ModuleMetadata['imports']>;
}

/** What isn't said. */
export const DEFAULT_EXTRAS = {
  path: '',
  isGlobal: false,
  dashboard: true,
  tracker: true,
  segment: true,
  posthog: true,
  openapi: true,
  guards: [],
  imports: [],
} satisfies AnalyticsExtras;

/** What was registered, for the module itself. */
export abstract class RegisteredExtras {
  /** Without slashes at its ends. */
  abstract readonly path: string;
  abstract readonly tracker: boolean | TrackerOptions;
  abstract readonly segment: boolean;
  abstract readonly posthog: boolean;
}

/** Of the server by itself. */
export interface AnalyticsOptions extends ModuleOptions {
  /** Where the tracker is found besides `/analytics.js`. */
  tracker?: TrackerOptions;
}
