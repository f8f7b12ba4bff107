import { Controller, HttpCode, Post, Req, UseFilters } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { DialectExceptionFilter } from '../dialect-exception.filter.js';
import type { EventsResultDto } from '../calls-result.dto.js';
import { ApiEvents } from './posthog.openapi.js';
import { PosthogService } from './posthog.service.js';

@ApiTags('posthog')
@Controller()
@UseFilters(DialectExceptionFilter)
export class PosthogController {
  constructor(private readonly posthog: PosthogService) {}

  @Post('batch')
  @HttpCode(200)
  @ApiEvents('many events')
  batch(@Req() request: Request): Promise<EventsResultDto> {
    return this.posthog.receive(request, 'POST /batch/');
  }

  @Post('i/v0/e')
  @HttpCode(200)
  @ApiEvents('one event')
  event(@Req() request: Request): Promise<EventsResultDto> {
    return this.posthog.receive(request, 'POST /i/v0/e/');
  }
}
