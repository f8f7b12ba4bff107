import { OverloadedError } from '../../common/errors.js';
import { LINE_FEED, MAX_LINE_BYTES } from '../lines.js';
import { CutOffError } from './body-chunks.js';
import type { Room } from './room.js';

/**
 * A stream's bytes on their way to `readLines`, which holds the beginning of a line until its end
 * comes: that is told to the room.
 *
 * @param maxBytes of all of it, decompressed
 * @throws CutOffError when there are more, OverloadedError when there's no room for a line's beginning
 */
export async function* boundedChunks(
  chunks: AsyncGenerator<Buffer>,
  room: Room,
  maxBytes = Number.POSITIVE_INFINITY,
): AsyncGenerator<Buffer> {
  const share = room.share();
  let bytes = 0;
  let unfinished = 0;
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new CutOffError(`a stream has at most ${maxBytes} bytes here`);
      const lineStart = chunk.lastIndexOf(LINE_FEED) + 1;
      unfinished = chunk.length - lineStart + (lineStart === 0 ? unfinished : 0);
      if (!share.hold(Math.min(unfinished, MAX_LINE_BYTES))) throw new OverloadedError();
      yield chunk;
    }
  } finally {
    share.hold(0);
  }
}
