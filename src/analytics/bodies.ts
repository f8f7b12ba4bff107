import { RequestMethod, type MiddlewareConsumer } from '@nestjs/common';
import cors from 'cors';
import { hideBody } from '../common/http.js';
import {
  receiveBatchBody,
  receiveEventBody,
  receivePosthogBody,
  receiveProfileBody,
  receiveSegmentBody,
  type Middleware,
} from '../ingest/body/body.middleware.js';
import { receiveQueryBody } from '../query/query-body.middleware.js';
import { trackerPaths } from '../tracker/tracker.options.js';
import type { RegisteredExtras } from './analytics.options.js';

const EVENT = 'analytics';
const BATCH = 'analytics/batch';
const SEGMENT = 'v1/*call';
const POSTHOG = ['batch', 'i/v0/e'];
/** No other site may change who users are: these have no CORS, as queries have none. */
const PROFILE = 'analytics/users/:id';
const QUERIES = ['analytics/query', 'analytics/funnel', 'analytics/retention'];
/** Whose handlers read the body themselves, as it comes. */
const STREAMS = ['analytics/import', 'analytics/users/import'];

/** Any site may send events; none may read figures with a visitor's browser. */
const anySite = cors({
  methods: ['POST'],
  exposedHeaders: ['X-Analytics-Rejected', 'Retry-After'],
  maxAge: 86_400,
});

/**
 * Has bodies taken before a handler is asked.
 *
 * @param isFastify whose parsers would take them afterwards
 */
export function receiveBodies(
  consumer: MiddlewareConsumer,
  { path: prefix, segment, posthog, tracker }: RegisteredExtras,
  isFastify: boolean,
): void {
  const { POST, PUT, OPTIONS } = RequestMethod;
  const take = (receive: Middleware, path: string, method: RequestMethod): void => {
    const middleware = isFastify ? andHide(receive) : receive;
    consumer.apply(middleware).forRoutes({ path: `${prefix}/${path}`, method });
  };
  const paths = tracker === false ? [] : trackerPaths(tracker === true ? undefined : tracker);
  for (const [path, receive] of [
    [EVENT, receiveEventBody],
    [BATCH, receiveBatchBody],
    ...(segment ? [[SEGMENT, receiveSegmentBody] as const] : []),
    ...(posthog ? POSTHOG.map((one) => [one, receivePosthogBody] as const) : []),
    ...paths.map((one) => [one.slice(1), receiveSegmentBody] as const),
  ] as const) {
    consumer.apply(anySite).forRoutes({ path: `${prefix}/${path}`, method: OPTIONS });
    take(fromAnySite(receive), path, POST);
  }
  take(receiveProfileBody, PROFILE, PUT);
  for (const path of QUERIES) take(receiveQueryBody, path, POST);
  if (isFastify) for (const path of STREAMS) take(leave, path, POST);
}

/** Both in one, since each middleware of its own costs a request some microseconds. */
function fromAnySite(receive: Middleware): Middleware {
  return (request, response, next) => {
    anySite(request, response, () => receive(request, response, next));
  };
}

function andHide(receive: Middleware): Middleware {
  return (request, response, next) => {
    receive(request, response, (error) => {
      hideBody(request);
      next(error);
    });
  };
}

const leave: Middleware = (_request, _response, next) => next();
