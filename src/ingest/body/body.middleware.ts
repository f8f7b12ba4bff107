import type { IncomingMessage } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import { OverloadedError } from '../../common/errors.js';
import { BufferPool } from '../buffer-pool.js';
import type { ReceivedBody } from '../request-fields.js';
import { Refusal } from '../refusal.js';
import { bodyChunks, discard, hasBody } from './body-chunks.js';

const MAX_EVENT_BYTES = 64 * 1024;
const MAX_BATCH_BYTES = 10 * 1024 * 1024;
/** Of all bodies in memory at once, decompressed: as events they take a few times as much. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;
/** A body of ordinary size always has room. */
const SMALL_BYTES = 256 * 1024;
/** A body that is held in memory has to arrive in this time. */
const BODY_MS = 60_000;
const BUFFERS = 16;
const NO_BODY: ReceivedBody = { bytes: Buffer.alloc(0), contentType: undefined };

/** Bodies of the requests that are being answered. */
const received = new WeakMap<IncomingMessage, ReceivedBody | OverloadedError>();
const buffers = new BufferPool(BUFFERS);
let heldBytes = 0;

/** Takes the body of `POST /analytics` as it comes; what goes wrong is judged later, never thrown. */
export const receiveEventBody = receiveBody(MAX_EVENT_BYTES, () => false);

/** The same for `POST /analytics/batch`; newline-delimited JSON is left for who reads it as a stream. */
export const receiveBatchBody = receiveBody(MAX_BATCH_BYTES, isStream);

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

function receiveBody(limit: number, isLeft: (request: Request) => boolean) {
  return (request: Request, response: Response, next: NextFunction): void => {
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
  request: Request,
  response: Response,
  limit: number,
  next: NextFunction,
): Promise<void> {
  try {
    received.set(request, await collect(request, response, limit));
    next();
  } catch (error) {
    next(error);
  }
}

/** An application around this one may have parsed the body already. */
function isParsed(request: Request): boolean {
  return request.body !== undefined && request.body !== null;
}

function bodyOf(request: Request): ReceivedBody {
  const body: unknown = request.body;
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
  request: Request,
  response: Response,
  limit: number,
): Promise<ReceivedBody | OverloadedError> {
  if (Number(request.headers['content-length'] ?? 0) > limit) {
    await discard(request);
    return new Refusal('body_too_large');
  }
  const chunks = bodyChunks(request, BODY_MS);
  const room = roomFor(request, limit);
  let length = 0;
  let isClosed = false;
  const free = (): void => {
    heldBytes -= length;
    length = 0;
  };
  response.once('close', () => {
    isClosed = true;
    free();
  });
  const body = await readAll(chunks, room, (bytes) => {
    if (isClosed) return new Refusal('unreadable_body');
    length += bytes;
    heldBytes += bytes;
    if (length > limit) return new Refusal('body_too_large');
    const isFull = heldBytes > MAX_HELD_BYTES && length > SMALL_BYTES;
    return isFull ? new OverloadedError() : undefined;
  });
  if (Buffer.isBuffer(body)) {
    return {
      bytes: body,
      contentType: request.headers['content-type'],
      ...(room && { release: () => buffers.give(room) }),
    };
  }
  free();
  if (room) buffers.give(room);
  await discard(request);
  return body;
}

/** A buffer for a body whose length is known; those of small ones aren't worth keeping. */
function roomFor(request: Request, limit: number): Buffer | undefined {
  const length = Number(request.headers['content-length'] ?? 0);
  const isPlain = request.headers['content-encoding'] === undefined;
  return isPlain && length > MAX_EVENT_BYTES && length <= limit ? buffers.take(length) : undefined;
}

/**
 * @param room for the body, where its length is known
 * @param count is told of the bytes as they come, and may say that it's enough
 */
async function readAll(
  chunks: AsyncGenerator<Buffer> | Refusal,
  room: Buffer | undefined,
  count: (bytes: number) => Refusal | OverloadedError | undefined,
): Promise<Buffer | Refusal | OverloadedError> {
  if (chunks instanceof Refusal) return chunks;
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of chunks) {
      const problem = count(chunk.length);
      if (problem) return problem;
      if (room) length += chunk.copy(room, length);
      else parts.push(chunk);
    }
  } catch {
    return new Refusal('unreadable_body');
  }
  if (room) return room.subarray(0, length);
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}
