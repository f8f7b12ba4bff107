import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Access } from '../access/access.js';
import { ProtectedModeError } from '../access/access-errors.js';
import { AnalyticsError } from '../common/errors.js';
import { sendJson } from '../common/http.js';

const RETRY_AFTER_SECONDS = 2;

/**
 * Answers nobody but this machine while no key was made, whatever is asked for: pages, health and figures
 * as well as what has guards of its own.
 */
export function protectedMode(access: Access) {
  return async (
    request: IncomingMessage,
    response: ServerResponse,
    next: () => void,
  ): Promise<void> => {
    try {
      await access.isKnown();
    } catch (error) {
      if (!(error instanceof AnalyticsError)) throw error;
      response.setHeader('Retry-After', String(RETRY_AFTER_SECONDS));
      refuse(response, error);
      return;
    }
    if (access.isProtectedFrom(request)) refuse(response, new ProtectedModeError());
    else next();
  };
}

function refuse(response: ServerResponse, { status, code, message }: AnalyticsError): void {
  sendJson(response, status, { statusCode: status, code, message });
}
