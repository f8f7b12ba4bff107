import { destination, pino, stdTimeFunctions, type Logger } from 'pino';
import type { LoggedRequest, RequestLog } from '../requests/request-log.js';
import { DescribedLogger, type NestLevel } from './described-logger.js';
import type { LogLevel } from './log-options.js';
import type { ServerLog } from './server-log.js';

/** A JSON object a line. Written at once: what a process says last is why it ended. */
export function createJsonLog(level: LogLevel): ServerLog {
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const log = pino(options, destination({ dest: 1, sync: true }));
  return {
    logger: new JsonLogger(log),
    requests: new JsonRequestLog(log),
    tell: (text) => log.info(text.trim()),
    fail: (text) => log.fatal(text.trim()),
  };
}

class JsonLogger extends DescribedLogger {
  constructor(private readonly out: Logger) {
    super();
  }

  protected override write(level: NestLevel, text: string, context: string | undefined): void {
    this.out[level === 'log' ? 'info' : level]({ context }, text);
  }
}

class JsonRequestLog implements RequestLog {
  readonly isOn: boolean;

  constructor(private readonly out: Logger) {
    this.isOn = out.isLevelEnabled('info');
  }

  write({ id, method, route, status, milliseconds }: LoggedRequest): void {
    const ms = Math.round(milliseconds * 10) / 10;
    this.out[levelOf(status)]({ request: id, method, route, status, ms }, 'request');
  }
}

/** A line for each request that went well would cost more than all else that is done to watch it. */
function levelOf(status: LoggedRequest['status']): 'warn' | 'info' | 'debug' {
  if (status === 'aborted') return 'info';
  if (status >= 500) return 'warn';
  return status >= 400 ? 'info' : 'debug';
}
