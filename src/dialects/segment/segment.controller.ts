import { Controller, HttpCode, Post, Req, UseFilters } from '@nestjs/common';
import type { Request } from 'express';
import type { DialectAnswer } from '../dialect.service.js';
import { DialectExceptionFilter } from '../dialect-exception.filter.js';
import { SegmentService } from './segment.service.js';

@Controller('v1')
@UseFilters(DialectExceptionFilter)
export class SegmentController {
  constructor(private readonly segment: SegmentService) {}

  @Post(['track', 't'])
  @HttpCode(200)
  track(@Req() request: Request): Promise<DialectAnswer> {
    return this.segment.receiveCall(request, 'track');
  }

  @Post(['identify', 'i'])
  @HttpCode(200)
  identify(@Req() request: Request): Promise<DialectAnswer> {
    return this.segment.receiveCall(request, 'identify');
  }

  @Post(['page', 'p'])
  @HttpCode(200)
  page(@Req() request: Request): Promise<DialectAnswer> {
    return this.segment.receiveCall(request, 'page');
  }

  @Post(['screen', 's'])
  @HttpCode(200)
  screen(@Req() request: Request): Promise<DialectAnswer> {
    return this.segment.receiveCall(request, 'screen');
  }

  @Post(['alias', 'a'])
  @HttpCode(200)
  alias(@Req() request: Request): Promise<DialectAnswer> {
    return this.segment.receiveCall(request, 'alias');
  }

  @Post(['group', 'g'])
  @HttpCode(200)
  group(@Req() request: Request): Promise<DialectAnswer> {
    return this.segment.receiveCall(request, 'group');
  }

  @Post(['batch', 'b', 'import'])
  @HttpCode(200)
  batch(@Req() request: Request): Promise<DialectAnswer> {
    return this.segment.receiveBatch(request);
  }

  /** The browser SDK's figures about itself: nothing of the sort is kept. */
  @Post('m')
  @HttpCode(200)
  metrics(): DialectAnswer {
    return { success: true };
  }
}
