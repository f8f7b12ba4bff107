import type { ServerResponse } from 'node:http';
import { sendJson } from '../../common/http.js';
import { BufferPool } from '../buffer-pool.js';
import type { BatchResultDto } from './batch.dto.js';
import { resultBytes, writeResult } from './write-result.js';

const BUFFERS = 16;
/** For fewer it isn't worth it. */
const MANY_RECEIPTS = 200;

const buffers = new BufferPool(BUFFERS);

/** Answers with a result. Many receipts are written into memory that is used again: see {@link BufferPool}. */
export function sendResult(response: ServerResponse, status: number, result: BatchResultDto): void {
  if (result.receipts.length < MANY_RECEIPTS) {
    sendJson(response, status, result);
    return;
  }
  const buffer = buffers.take(resultBytes(result));
  const bytes = writeResult(buffer, result);
  // Of an answer that the client didn't wait for, the system may still be reading.
  response.once('finish', () => buffers.give(buffer));
  response.statusCode = status;
  response.setHeader('Content-Type', 'application/json; charset=utf-8');
  response.setHeader('Content-Length', bytes);
  response.end(buffer.subarray(0, bytes));
}
