import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Middleware } from '../../common/http.js';
import { OverloadedError } from '../../common/errors.js';
import { BufferPool } from '../buffer-pool.js';
import { GrowingBuffer } from '../growing-buffer.js';
import type { ReceivedBody } from '../request-fields.js';
import { Refusal } from '../refusal.js';
import { bodyChunks, discard, hasBody } from './body-chunks.js';
import { Room } from './room.js';

const MAX_EVENT_BYTES = 64 * 1024;
const MAX_PROFILE_BYTES = 64 * 1024;
const MAX_BATCH_BYTES = 10 * 1024 * 1024;
/** As in Segment. */
const MAX_SEGMENT_BYTES = 500 * 1024;
/** Of all bodies in memory at once, decompressed: as events they take a few times as much. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;
/** A body that is held in memory has to arrive in this time. */
const BODY_MS = 60_000;
const BUFFERS = 16;
const NO_BODY: ReceivedBody = { bytes: Buffer.alloc(0), contentType: undefined };

/** An application around this one may have parsed the body already. */
type Request = IncomingMessage & { body?: unknown };

/** Bodies of the requests that are being answered. */
const received = new WeakMap<IncomingMessage, ReceivedBody | OverloadedError>();
const buffers = new BufferPool(BUFFERS);
const bodies = new Room(MAX_HELD_BYTES);

/** Takes the body of `POST /analytics` as it comes; what goes wrong is judged later, never thrown. */
export const receiveEventBody = receiveBody(MAX_EVENT_BYTES, () => false);

/** The same for `POST /analytics/batch`; newline-delimited JSON is left for who reads it as a stream. */
export const receiveBatchBody = receiveBody(MAX_BATCH_BYTES, isStream);

/** The same for PostHog's API. */
export const receivePosthogBody = receiveBody(MAX_BATCH_BYTES, () => false);

/** The same for Segment's API. */
export const receiveSegmentBody = receiveBody(MAX_SEGMENT_BYTES, () => false);

/** The same for who a user is. */
export const receiveProfileBody = receiveBody(MAX_PROFILE_BYTES, () => false);

/**
 * The body that one of the middlewares above took.
 *
 * @throws OverloadedError when there was no room for it
 */
export function receivedBody(request: IncomingMessage): ReceivedBody {
  const body = received.get(request) ?? NO_BODY;
  if (body instanceof OverloadedError) throw body;
  return body;
}

/** Whether the body is newline-delimited JSON, which is never held as a whole. */
export function isStream(request: IncomingMessage): boolean {
  const type = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  return ['application/x-ndjson', 'application/ndjson', 'application/jsonl'].includes(type);
}

function receiveBody(limit: number, isLeft: (request: IncomingMessage) => boolean): Middleware {
  return (request, response, next) => {
    if (isParsed(request)) {
      received.set(request, bodyOf(request));
      next();
    } else if (isLeft(request) || !hasBody(request)) {
      next();
    } else {
      void takeBody(request, response, limit, next);
    }
  };
}

async function takeBody(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
  next: (error?: unknown) => void,
): Promise<void> {
  try {
    received.set(request, await collect(request, response, limit));
    next();
  } catch (error) {
    next(error);
  }
}

function isParsed(request: Request): boolean {
  return request.body !== undefined && request.body !== null;
}

function bodyOf(request: Request): ReceivedBody {
  const { body } = request;
  const contentType = request.headers['content-type'];
  if (Buffer.isBuffer(body)) return { bytes: body, contentType };
  if (typeof body === 'string') return { bytes: Buffer.from(body), contentType };
  return { bytes: Buffer.from(JSON.stringify(body)), contentType: 'application/json' };
}

/**
 * What is held counts until the response has ended; what comes after that isn't held. A body that
 * is refused counts no more, so that others have its room: else they would be refused in turn.
 */
async function collect(
  request: IncomingMessage,
  response: ServerResponse,
  limit: number,
): Promise<ReceivedBody | OverloadedError> {
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    await discard(request);
    return new Refusal('body_too_large');
  }
  const chunks = bodyChunks(request, BODY_MS);
  const room = roomFor(request, limit);
  const share = bodies.share();
  let isClosed = false;
  response.once('close', () => {
    isClosed = true;
    share.hold(0);
  });
  const body = await readAll(chunks, room, (length) => {
    if (isClosed) return new Refusal('unreadable_body');
    const hasRoom = share.hold(length);
    if (length > limit) return new Refusal('body_too_large');
    return hasRoom ? undefined : new OverloadedError();
  });
  if (Buffer.isBuffer(body)) {
    return {
      bytes: body,
      contentType: request.headers['content-type'],
      ...(room && { release: giverOf(room) }),
    };
  }
  share.hold(0);
  if (room) buffers.give(room);
  await discard(request);
  return body;
}

/** By itself, so that what else lives as long as the request doesn't keep the room. */
function giverOf(room: Buffer): () => void {
  return () => buffers.give(room);
}

/** A buffer for a body whose length is known; those of small ones aren't worth keeping. */
function roomFor(request: IncomingMessage, limit: number): Buffer | undefined {
  const length = Number(request.headers['content-length'] ?? 0);
  const isPlain = request.headers['content-encoding'] === undefined;
  return isPlain && length > MAX_EVENT_BYTES && length <= limit ? buffers.take(length) : undefined;
}

/**
 * @param room for the body, where its length is known
 * @param judge is told how many bytes there are as they come, and may say that it's enough
 */
async function readAll(
  chunks: AsyncGenerator<Buffer> | Refusal,
  room: Buffer | undefined,
  judge: (length: number) => Refusal | OverloadedError | undefined,
): Promise<Buffer | Refusal | OverloadedError> {
  if (chunks instanceof Refusal) return chunks;
  const body = new GrowingBuffer(room);
  try {
    for await (const chunk of chunks) {
      const problem = judge(body.bytes.length + chunk.length);
      if (problem) return problem;
      body.append(chunk);
    }
  } catch (error) {
    return error instanceof OverloadedError ? error : new Refusal('unreadable_body');
  }
  return body.bytes;
}
