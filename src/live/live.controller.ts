import { Controller, Get, Head, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Access } from '../access/access.js';
import { AccessBy } from '../access/access.guard.js';
import { AnalyticsExceptionFilter } from '../common/analytics-exception.filter.js';
import { EventStream } from './event-stream.js';
import { LiveFeed } from './live-feed.js';
import { DescribeLive } from './live.openapi.js';
import { parseLiveRequest } from './live-request.js';

/** Events as they arrive. */
@ApiTags('queries')
@Controller('analytics/live')
@UseFilters(AnalyticsExceptionFilter)
@AccessBy('read')
export class LiveController {
  constructor(
    private readonly feed: LiveFeed,
    private readonly access: Access,
  ) {}

  /** Express would take the other for it, which never ends. */
  @Head()
  @ApiExcludeEndpoint()
  head(@Res() response: Response): void {
    EventStream.head(response);
  }

  @Get()
  @DescribeLive()
  watch(@Req() request: Request, @Res() response: Response): void {
    this.feed.subscribe(response, parseLiveRequest(request));
    this.access.endWhenRevoked(request, response);
  }
}
