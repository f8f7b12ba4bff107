import type { Response } from 'express';
import { BufferPool } from '../buffer-pool.js';
import type { BatchResultDto } from './batch.dto.js';
import { resultBytes, writeResult } from './write-result.js';

const BUFFERS = 16;
/** For fewer it isn't worth it. */
const MANY_RECEIPTS = 200;

const buffers = new BufferPool(BUFFERS);

/** Answers with a result. Many receipts are written into memory that is used again: see {@link BufferPool}. */
export function sendResult(response: Response, status: number, result: BatchResultDto): void {
  response.status(status);
  if (result.receipts.length < MANY_RECEIPTS) {
    response.json(result);
    return;
  }
  const buffer = buffers.take(resultBytes(result));
  const bytes = writeResult(buffer, result);
  // Of an answer that the client didn't wait for, the system may still be reading.
  response.once('finish', () => buffers.give(buffer));
  response.type('json').setHeader('Content-Length', bytes).end(buffer.subarray(0, bytes));
}
