import type { LoggerService } from '@nestjs/common';
import type { RequestLog } from '../requests/request-log.js';
import { createJsonLog } from './json-log.js';
import type { LogOptions } from './log-options.js';
import { createTextLog } from './text-log.js';

/** What the server says, on standard output. */
export interface ServerLog {
  /** For Nest, and all that logs by its `Logger`. */
  logger: LoggerService;
  requests: RequestLog;
  /** Takes what the person who starts the server is to read. */
  tell(text: string): void;
  /** The same of why it ends. */
  fail(text: string): void;
}

/** Nothing in it is anybody's who uses the applications: see docs/operations.md. */
export function createServerLog(options: LogOptions): ServerLog {
  return options.format === 'json' ? createJsonLog(options.level) : createTextLog(options.level);
}
