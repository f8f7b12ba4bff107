import { ConsoleLogger, type LoggerService, type LogLevel as NestLevel } from '@nestjs/common';
import type { LoggedRequest } from '../requests/request-log.js';
import { LOG_LEVELS, type LogLevel } from './log-options.js';
import { readNestMessage } from './nest-message.js';
import type { ServerLog } from './server-log.js';

const NEST_LEVELS: Record<LogLevel, NestLevel[]> = {
  error: ['fatal', 'error'],
  warn: ['warn'],
  info: ['log'],
  debug: ['debug', 'verbose'],
};

/** Lines for people; in colours where standard output is a terminal that has them. */
export function createTextLog(level: LogLevel): ServerLog {
  const levels = LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1);
  const console = new ConsoleLogger({
    logLevels: levels.flatMap((one) => NEST_LEVELS[one]),
    colors: process.stdout.isTTY ? process.stdout.hasColors() : false,
  });
  return {
    logger: new TextLogger(console),
    requests: {
      isOn: level === 'debug',
      write: (request) => console.debug(lineOf(request), 'Request'),
    },
    tell: writeLine,
    fail: writeLine,
  };
}

/** What stands between Nest and its own logger, which would show errors with all that they say. */
class TextLogger implements LoggerService {
  constructor(private readonly console: ConsoleLogger) {}

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
    this.write('log', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  private write(
    level: 'fatal' | 'error' | 'warn' | 'log' | 'debug',
    message: unknown,
    rest: readonly unknown[],
  ): void {
    const { text, context, isFramework } = readNestMessage(message, rest);
    const isNoise = isFramework && level === 'log';
    this.console[isNoise ? 'debug' : level](text, ...(context === undefined ? [] : [context]));
  }
}

function lineOf({ id, method, route, status, milliseconds }: LoggedRequest): string {
  return `${method} ${route} ${status} ${milliseconds.toFixed(1)} ms ${id}`;
}

function writeLine(text: string): void {
  process.stdout.write(`${text}\n`);
}
