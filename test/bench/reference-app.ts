import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { createServerLog } from '../../src/operations/log/server-log.js';
import { createAdapter } from './adapter.js';

/**
 * Serves a module as `src/create-app.ts` serves the whole, on a free port of the loopback address,
 * and says where as the server does. It ends with SIGTERM.
 */
export async function serveReference(module: Type): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(module, createAdapter(), {
    bodyParser: false,
    logger: createServerLog({ format: 'text', level: 'warn' }).logger,
    abortOnError: false,
  });
  app.disable('x-powered-by');
  app.enableShutdownHooks(['SIGTERM']);
  await app.listen(0, '127.0.0.1');
  process.stdout.write(`${await app.getUrl()}/analytics\nCtrl-C stops it.\n`);
}
