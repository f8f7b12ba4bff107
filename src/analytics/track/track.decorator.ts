import {
  Inject,
  Injectable,
  ServiceUnavailableException,
  UseInterceptors,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { catchError, concat, defer, ignoreElements, tap, type Observable } from 'rxjs';
import { AnalyticsError } from '../../common/errors.js';
import { analyticsToken, trackerToken } from '../inject-analytics.js';
import { EventTracker } from './event-tracker.js';
import type { TrackOptions } from './track-options.js';

/**
 * Records an event whenever the handler has answered without an error. The handler's own module has to
 * import the analytics module, unless that is global.
 *
 * @param event its name, such as `click`
 */
export function Track(event: string, options: TrackOptions = {}): MethodDecorator {
  const { analytics } = options;
  const token = analytics === undefined ? EventTracker : trackerToken(analyticsToken(analytics));

  @Injectable()
  class TrackInterceptor implements NestInterceptor {
    constructor(@Inject(token) private readonly tracker: EventTracker) {}

    intercept(context: ExecutionContext, next: CallHandler<unknown>): Observable<unknown> {
      let result: unknown;
      const answered = next.handle().pipe(
        tap((value) => {
          result = value;
        }),
      );
      const later = (): void => this.tracker.trackLater(event, options, { context, result });
      if (options.await !== true) return answered.pipe(tap({ complete: later }));
      const tracked = defer(() => this.tracker.track(event, options, { context, result }));
      return concat(answered, tracked.pipe(ignoreElements(), catchError(refuse)));
    }
  }
  return UseInterceptors(TrackInterceptor);
}

/** @throws ServiceUnavailableException where a retry can help, else the error itself */
function refuse(error: unknown): never {
  if (!(error instanceof AnalyticsError)) throw error;
  throw new ServiceUnavailableException(error.message, { cause: error });
}
