import { ConsoleLogger } from '@nestjs/common';

/** What goes wrong, on standard output; in colours where that's a terminal that has them. */
export function createConsoleLogger(): ConsoleLogger {
  return new ConsoleLogger({
    logLevels: ['warn', 'error', 'fatal'],
    colors: process.stdout.isTTY ? process.stdout.hasColors() : false,
  });
}
