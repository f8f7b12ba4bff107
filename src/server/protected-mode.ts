import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Access } from '../access/access.js';
import { ProtectedModeError } from '../access/access-errors.js';

/**
 * Answers nobody but this machine while no key was made, whatever is asked for: pages, health and figures
 * as well as what has guards of its own. What it throws the application's filter answers.
 */
export function protectedMode(access: Access) {
  return async (
    request: IncomingMessage,
    _response: ServerResponse,
    next: () => void,
  ): Promise<void> => {
    await access.isKnown();
    if (access.isProtectedFrom(request)) throw new ProtectedModeError();
    next();
  };
}
