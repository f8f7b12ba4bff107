/** What an application around the module may import. All else may change at any time. */
export { AnalyticsModule } from './analytics/analytics.module.js';
export type {
  AnalyticsExtras,
  ModuleOptions as AnalyticsOptions,
  DatabaseOptions,
} from './analytics/analytics.options.js';
export {
  AnalyticsService,
  type AnalyticsAnswer,
  type AnalyticsEvent,
  type AnalyticsHour,
  type AnalyticsQuery,
  type EventOutcome,
} from './analytics/analytics.service.js';
export { InjectAnalytics } from './analytics/inject-analytics.js';
export { Track } from './analytics/track/track.decorator.js';
export type { TrackOptions } from './analytics/track/track-options.js';
export { IdentityResolver, type ResolvedIdentity } from './access/identity-resolver.js';
export { UnauthorizedError } from './access/unauthorized-error.js';
export { AnalyticsError } from './common/errors.js';
export {
  Observer,
  type AnsweredQuestion,
  type CommittedBatch,
  type FoldedDeltas,
} from './common/observer.js';
export { dataSourceOptions, entities } from './database/data-source-options.js';
export { migrations } from '../migrations/index.js';
