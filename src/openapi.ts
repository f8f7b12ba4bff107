import { NestFactory } from '@nestjs/core';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { AppModule } from './app.module.js';
import { dataSourceOptions } from './database/data-source-options.js';

/** Describes every endpoint; `openapi.json` is a copy of it. */
export function createOpenApiDocument(app: INestApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('User Analytics')
    .setDescription('How many events, how many different users, in this window? Exactly.')
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key' }, 'key')
    .build();
  return SwaggerModule.createDocument(app, config);
}

/** The same document without a server: nothing is connected, nothing listens. */
export async function describeApi(): Promise<OpenAPIObject> {
  const unconnected = new DataSource(dataSourceOptions('postgres://localhost/none'));
  const app = await NestFactory.create(AppModule.on(unconnected), {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  return createOpenApiDocument(app);
}
