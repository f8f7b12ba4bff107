import { RequestMethod, type MiddlewareConsumer } from '@nestjs/common';
import type { Access } from '../access/access.js';
import { corsByKey } from '../access/cors-by-key.js';
import { receiveJsonBody } from '../access/json-body.js';
import { hideBody, type Middleware } from '../common/http.js';
import { discard } from '../ingest/body/body-chunks.js';
import {
  receiveBatchBody,
  receiveEventBody,
  receivePosthogBody,
  receiveProfileBody,
  receiveSegmentBody,
} from '../ingest/body/body.middleware.js';
import { receiveQueryBody } from '../query/query-body.middleware.js';
import { trackerPaths } from '../tracker/tracker.options.js';
import type { RegisteredExtras } from './analytics.options.js';

const EVENT = 'analytics';
const BATCH = 'analytics/batch';
const SEGMENT = 'v1/*call';
const POSTHOG = ['batch', 'i/v0/e'];
/** No other site may change who users are, or who may get in: these have no CORS. */
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
/** Whose handlers read the body themselves, as it comes. */
const STREAMS = ['analytics/import', 'analytics/users/import'];

/** What the ways in stand on. */
interface Surroundings {
  access: Access;
  /** Whose parsers would take bodies afterwards. */
  isFastify: boolean;
}

/** Has bodies taken before a handler is asked, of requests that may be answered. */
export function receiveBodies(
  consumer: MiddlewareConsumer,
  { path: prefix, segment, posthog, tracker }: RegisteredExtras,
  { access, isFastify }: Surroundings,
): void {
  const { GET, POST, PUT, OPTIONS } = RequestMethod;
  const writeCors = corsByKey(access, 'write');
  const readCors = corsByKey(access, 'read');
  const apply = (middleware: Middleware, path: string, method: RequestMethod): void => {
    consumer.apply(middleware).forRoutes({ path: `${prefix}/${path}`, method });
  };
  const take = (receive: Middleware, path: string, method = POST, cors?: Middleware): void => {
    const admitted = admitting(access, isFastify ? andHide(receive) : receive);
    apply(cors ? inTurn(cors, admitted) : admitted, path, method);
  };
  const paths = tracker === false ? [] : trackerPaths(tracker === true ? undefined : tracker);
  for (const [path, receive] of [
    [EVENT, receiveEventBody],
    [BATCH, receiveBatchBody],
    ...(segment ? [[SEGMENT, receiveSegmentBody] as const] : []),
    ...(posthog ? POSTHOG.map((one) => [one, receivePosthogBody] as const) : []),
    ...paths.map((one) => [one.slice(1), receiveSegmentBody] as const),
  ] as const) {
    apply(writeCors, path, OPTIONS);
    take(receive, path, POST, writeCors);
  }
  take(receiveProfileBody, PROFILE, PUT);
  for (const path of KEYS) take(receiveJsonBody, path);
  for (const path of FIGURES) {
    // What keys of one kind say of the original endpoint's path doesn't hide what others do.
    apply(readCors, path, GET);
    apply(readCors, path, OPTIONS);
  }
  for (const path of QUERIES) take(receiveQueryBody, path, POST, readCors);
  if (isFastify) for (const path of STREAMS) apply(andHide(leave), path, POST);
}

/** Of a request that isn't answered what comes is thrown away. */
function admitting(access: Access, receive: Middleware): Middleware {
  return async (request, response, next) => {
    const problem = await access.admit(request, response);
    if (!problem) return receive(request, response, next);
    hideBody(request);
    void discard(request);
    return next();
  };
}

/** Both in one, since each middleware of its own costs a request some microseconds. */
function inTurn(first: Middleware, second: Middleware): Middleware {
  return (request, response, next) =>
    first(request, response, (error) =>
      error === undefined ? second(request, response, next) : next(error),
    );
}

function andHide(receive: Middleware): Middleware {
  return (request, response, next) =>
    receive(request, response, (error) => {
      hideBody(request);
      next(error);
    });
}

const leave: Middleware = (_request, _response, next) => next();
