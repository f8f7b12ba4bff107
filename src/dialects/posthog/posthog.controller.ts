import { Controller, HttpCode, Post, Req, UseFilters } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nodeRequest, type HttpRequest } from '../../common/http.js';
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
  batch(@Req() request: HttpRequest): Promise<EventsResultDto> {
    return this.posthog.receive(nodeRequest(request), 'POST /batch/');
  }

  @Post('i/v0/e')
  @HttpCode(200)
  @ApiEvents('one event')
  event(@Req() request: HttpRequest): Promise<EventsResultDto> {
    return this.posthog.receive(nodeRequest(request), 'POST /i/v0/e/');
  }
}
