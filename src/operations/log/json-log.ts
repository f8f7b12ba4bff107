import type { LoggerService } from '@nestjs/common';
import { destination, pino, stdTimeFunctions, type Logger } from 'pino';
import type { LoggedRequest, RequestLog } from '../requests/request-log.js';
import type { LogLevel } from './log-options.js';
import { readNestMessage } from './nest-message.js';
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

class JsonLogger implements LoggerService {
  constructor(private readonly out: Logger) {}

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.write('info', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  private write(
    level: 'fatal' | 'error' | 'warn' | 'info' | 'debug',
    message: unknown,
    rest: readonly unknown[],
  ): void {
    const { text, context, isFramework } = readNestMessage(message, rest);
    const isNoise = isFramework && level === 'info';
    this.out[isNoise ? 'debug' : level]({ context }, text);
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
