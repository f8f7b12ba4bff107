import type { IncomingMessage } from 'node:http';
import { CutOffError } from './body-chunks.js';

/** No real file compresses as well; one that grows more is made to keep the server busy. */
const MAX_GROWTH = 100;
/** Up to there it may grow as it likes. */
const FREE_BYTES = 64 * 1024 * 1024;

/**
 * A body's bytes while its client waits for the answer: a small body may decompress to minutes of
 * work. Of one that was cut off in the middle all that came is read.
 *
 * @throws CutOffError once all of it came and the client has left, or when it's far larger than what came
 */
export async function* awaitedChunks(
  chunks: AsyncGenerator<Buffer>,
  request: IncomingMessage,
): AsyncGenerator<Buffer> {
  const { socket } = request;
  // Some of it may have come already, which is far less than what is free.
  const before = socket.bytesRead;
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > FREE_BYTES + MAX_GROWTH * (socket.bytesRead - before)) {
      throw new CutOffError(`it grows to more than ${MAX_GROWTH} times its size`);
    }
    if (request.complete && socket.destroyed) {
      throw new CutOffError('the client left before it was all read');
    }
    yield chunk;
  }
}
