import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';

const PATH = 'docs';
/** What its page consists of. */
const FILES = new Set([
  '/',
  '/swagger-ui.css',
  '/swagger-ui-bundle.js',
  '/swagger-ui-standalone-preset.js',
  '/swagger-ui-init.js',
  '/favicon-16x16.png',
  '/favicon-32x32.png',
]);

/** Shows every endpoint at `/docs`, and lets people try it; the document is at `/docs-json`. */
export function setUpExplorer(app: NestExpressApplication, document: OpenAPIObject): void {
  app.use(`/${PATH}`, takeOnlyItsFiles);
  SwaggerModule.setup(PATH, app, document);
}

/** Its package's folder is served whole, with a page of others' and the versions of what is inside. */
function takeOnlyItsFiles(request: Request, response: Response, next: NextFunction): void {
  if (FILES.has(request.path)) {
    next();
    return;
  }
  const { method, baseUrl, path } = request;
  const message = `Cannot ${method} ${baseUrl}${path}`;
  response.status(404).json({ statusCode: 404, code: 'not_found', message });
}
