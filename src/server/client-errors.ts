import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { endBodyEarly } from '../ingest/body/body-chunks.js';

/** What Node's own answers say. */
const STATUS: Record<string, string> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};
const CUT_OFF = 'HPE_INVALID_EOF_STATE';

/**
 * A client that closes its side in the middle of a body can still be told what was stored of it.
 * Any other request that can't be parsed is answered as Node answers it.
 */
export function answerClientErrors(server: Server): void {
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    if (error.code === CUT_OFF && endBodyEarly(socket)) return;
    if (socket.writable && !isAnswering(socket)) {
      const status = STATUS[error.code ?? ''] ?? '400 Bad Request';
      socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    }
    socket.destroySoon();
  });
}

/** An error in the middle of an answer would be taken for part of it. */
function isAnswering(socket: Socket): boolean {
  const { _httpMessage: answer } = socket as { _httpMessage?: { headersSent: boolean } };
  return answer?.headersSent === true;
}
