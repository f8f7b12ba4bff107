import type { Response } from 'express';
import { BufferPool } from '../buffer-pool.js';

const BUFFERS = 16;
/** For less it isn't worth it. */
const LONG_CHARACTERS = 16 * 1024;

const buffers = new BufferPool(BUFFERS);

/** Answers with JSON. A long text is written into memory that is used again: see {@link BufferPool}. */
export function sendJson(response: Response, status: number, value: object): void {
  response.status(status);
  const text = JSON.stringify(value);
  if (text.length < LONG_CHARACTERS) {
    response.type('json').send(text);
    return;
  }
  const bytes = Buffer.byteLength(text);
  const buffer = buffers.take(bytes);
  buffer.write(text);
  // Of an answer that the client didn't wait for, the system may still be reading.
  response.once('finish', () => buffers.give(buffer));
  response.type('json').setHeader('Content-Length', bytes).end(buffer.subarray(0, bytes));
}
