import type { IncomingMessage } from 'node:http';
import { CutOffError } from './body-chunks.js';

/**
 * A body's bytes while its client waits for the answer: a small body may decompress to minutes of
 * work. Of one that was cut off in the middle all that came is read.
 *
 * @throws CutOffError once all of it came and the client has left
 */
export async function* awaitedChunks(
  chunks: AsyncGenerator<Buffer>,
  request: IncomingMessage,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    if (request.complete && request.socket.destroyed) {
      throw new CutOffError('the client left before it was all read');
    }
    yield chunk;
  }
}
