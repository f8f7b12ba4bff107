import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Access } from '../access/access.js';
import { ProtectedModeError } from '../access/access-errors.js';
import { sendJson } from '../common/http.js';

/**
 * Answers nobody but this machine while no key was made, whatever is asked for: pages, health and figures
 * as well as what has guards of its own.
 */
export function protectedMode(access: Access) {
  return (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    if (!access.isProtectedFrom(request)) {
      next();
      return;
    }
    const { status, code, message } = new ProtectedModeError();
    sendJson(response, status, { statusCode: status, code, message });
  };
}
