import type { LoggerService } from '@nestjs/common';
import { readNestMessage } from './nest-message.js';

/** As Nest calls them. */
export type NestLevel = 'fatal' | 'error' | 'warn' | 'log' | 'debug';

/** What stands between Nest and what is written: its own logger would show errors with all that they say. */
export abstract class DescribedLogger implements LoggerService {
  fatal(message: unknown, ...rest: unknown[]): void {
    this.describe('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.describe('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.describe('warn', message, rest);
  }

  log(message: unknown, ...rest: unknown[]): void {
    this.describe('log', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.describe('debug', message, rest);
  }

  protected abstract write(level: NestLevel, text: string, context: string | undefined): void;

  private describe(level: NestLevel, message: unknown, rest: readonly unknown[]): void {
    const { text, context, isFramework } = readNestMessage(message, rest);
    const isNoise = isFramework && level === 'log';
    this.write(isNoise ? 'debug' : level, text, context);
  }
}
