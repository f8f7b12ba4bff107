import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import type { DataSource } from 'typeorm';
import { AppModule } from './app.module.js';
import { createConsoleLogger } from './console-logger.js';
import { createOpenApiDocument } from './openapi.js';

/**
 * The standalone server, ready to listen: the API, and the explorer at `/docs`.
 *
 * @param dataSource connected and migrated; closed with the application
 */
export async function createApp(dataSource: DataSource): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(AppModule.on(dataSource), {
    // Each endpoint takes its body itself: the original one answers 204 even where it's broken.
    bodyParser: false,
    logger: createConsoleLogger(),
    abortOnError: false,
  });
  app.disable('x-powered-by');
  SwaggerModule.setup('docs', app, createOpenApiDocument(app));
  return app;
}
