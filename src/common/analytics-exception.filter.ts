import type { ServerResponse } from 'node:http';
import {
  Catch,
  HttpException,
  Logger,
  type ArgumentsHost,
  type ExceptionFilter,
} from '@nestjs/common';
import { describeError } from './describe-error.js';
import { isUnavailable } from './database-errors.js';
import type { ErrorDto } from './error.dto.js';
import { nodeResponse, sendJson, takeOver, type HttpResponse } from './http.js';
import { AnalyticsError, UnavailableError } from './errors.js';
import { Seldom } from './seldom.js';

/** When a client may try again. */
const RETRY_AFTER_SECONDS = 2;
/** While the database is away, every request would log the same. */
const WARNING_INTERVAL_MS = 10_000;

/** The one place that maps errors to answers. A client never sees internals. */
@Catch()
export class AnalyticsExceptionFilter implements ExceptionFilter {
  private readonly logger = new Logger('Analytics');
  private readonly warnings = new Seldom(WARNING_INTERVAL_MS);

  catch(error: unknown, host: ArgumentsHost): void {
    const given = host.switchToHttp().getResponse<HttpResponse>();
    const { headersSent, destroyed } = nodeResponse(given);
    // The client went away, and nobody would read it.
    if (headersSent || destroyed) return;
    const response = takeOver(given);
    const answer = this.answer(error);
    if (answer.statusCode === 500) this.tell(error, response);
    if ([429, 503].includes(answer.statusCode))
      response.setHeader('Retry-After', String(RETRY_AFTER_SECONDS));
    const headers = error instanceof AnalyticsError ? error.headers : {};
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    sendJson(response, answer.statusCode, answer);
  }

  protected answer(error: unknown): ErrorDto {
    if (error instanceof AnalyticsError && !error.retryable) {
      const { status, code, message, details } = error;
      return { statusCode: status, code, message, ...details };
    }
    if (error instanceof AnalyticsError || isUnavailable(error)) {
      this.warn(`Asking to try again later: ${describeError(rootCause(error))}`);
      const { status, code, message, details } =
        error instanceof AnalyticsError ? error : new UnavailableError(error);
      return { statusCode: status, code, message, ...details };
    }
    if (error instanceof HttpException) {
      const statusCode = error.getStatus();
      const code = statusCode === 404 ? 'not_found' : 'invalid_request';
      return { statusCode, code, message: messageOf(error) };
    }
    return {
      statusCode: 500,
      code: 'internal',
      message: 'Something went wrong; the log says what',
    };
  }

  /** The request's number leads to its line in the log; without one where the host gives none. */
  private tell(error: unknown, response: ServerResponse): void {
    const id = response.getHeader('X-Request-Id');
    const request = typeof id === 'string' ? `Request ${id}: ` : '';
    this.logger.error(`${request}${describeError(error, true)}`);
  }

  private warn(line: string): void {
    this.warnings.do(() => this.logger.warn(line));
  }
}

/** A pipe of the application around the module tells more in a list than in the error's own message. */
function messageOf(error: HttpException): string {
  const body = error.getResponse();
  const told: unknown = typeof body === 'object' && 'message' in body ? body.message : body;
  const [first]: unknown[] = Array.isArray(told) ? told : [told];
  return typeof first === 'string' ? first : error.message;
}

function rootCause(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? error : rootCause(cause);
}
