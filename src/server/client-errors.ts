import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { endBodyEarly } from '../ingest/body/body-chunks.js';

/** What Node's own answers say. */
const STATUS: Record<string, string> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/**
 * A client that closes its side in the middle of a body, or spoils its chunks, can still be told what
 * was stored of it.
 * Any other request that can't be parsed is answered as Node answers it.
 */
export function answerClientErrors(server: Server): void {
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    const isUnreadable = error.code?.startsWith('HPE_') === true;
    if (isUnreadable && (isToAnswer(socket) || endBodyEarly(socket))) {
      closeAfterAnswer(socket);
      return;
    }
    if (socket.writable && !isAnswering(socket)) {
      const status = STATUS[error.code ?? ''] ?? '400 Bad Request';
      socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
    }
    socket.destroySoon();
  });
}

/** What stands behind a whole request must not take its answer away: it may have been stored. */
function isToAnswer(socket: Socket): boolean {
  const answer = answerOf(socket);
  return answer?.req.complete === true && !answer.headersSent;
}

/** An error in the middle of an answer would be taken for part of it. */
function isAnswering(socket: Socket): boolean {
  return answerOf(socket)?.headersSent === true;
}

function closeAfterAnswer(socket: Socket): void {
  const answer = answerOf(socket);
  if (answer) answer.shouldKeepAlive = false;
}

/** As Node's own handler finds it. */
function answerOf(socket: Socket): ServerResponse | undefined {
  const { _httpMessage: answer } = socket as { _httpMessage?: ServerResponse };
  return answer;
}
