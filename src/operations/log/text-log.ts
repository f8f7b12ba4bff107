import { ConsoleLogger, type LogLevel as ConsoleLevel } from '@nestjs/common';
import type { LoggedRequest } from '../requests/request-log.js';
import { DescribedLogger, type NestLevel } from './described-logger.js';
import { LOG_LEVELS, type LogLevel } from './log-options.js';
import type { ServerLog } from './server-log.js';

const CONSOLE_LEVELS: Record<LogLevel, ConsoleLevel[]> = {
  error: ['fatal', 'error'],
  warn: ['warn'],
  info: ['log'],
  debug: ['debug', 'verbose'],
};

/** Lines for people; in colours where standard output is a terminal that has them. */
export function createTextLog(level: LogLevel): ServerLog {
  const levels = LOG_LEVELS.slice(0, LOG_LEVELS.indexOf(level) + 1);
  const console = new ConsoleLogger({
    logLevels: levels.flatMap((one) => CONSOLE_LEVELS[one]),
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

class TextLogger extends DescribedLogger {
  constructor(private readonly console: ConsoleLogger) {
    super();
  }

  protected override write(level: NestLevel, text: string, context: string | undefined): void {
    this.console[level](text, ...(context === undefined ? [] : [context]));
  }
}

function lineOf({ id, method, route, status, milliseconds }: LoggedRequest): string {
  return `${method} ${route} ${status} ${milliseconds.toFixed(1)} ms ${id}`;
}

function writeLine(text: string): void {
  process.stdout.write(`${text}\n`);
}
