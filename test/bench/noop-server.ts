// What requests cost before anything is stored: the same framework and adapter, and nothing else.
import 'reflect-metadata';
import { Controller, HttpCode, Module, Post } from '@nestjs/common';
import { serveReference } from './reference-app.js';

@Controller('analytics')
class NoopController {
  @Post()
  @HttpCode(204)
  record(): void {}
}

@Module({ controllers: [NoopController] })
class NoopModule {}

await serveReference(NoopModule);
