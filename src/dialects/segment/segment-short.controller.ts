import { Controller, HttpCode, Post, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { Request } from 'express';
import type { DialectAnswer } from '../dialect.service.js';
import { DialectExceptionFilter } from '../dialect-exception.filter.js';
import { SegmentService } from './segment.service.js';

/** The same endpoints by the names that the browser SDK has for them. */
@ApiExcludeController()
@Controller('v1')
@UseFilters(DialectExceptionFilter)
export class SegmentShortController {
  constructor(private readonly segment: SegmentService) {}

  @Post('t')
  @HttpCode(200)
  track(@Req() request: Request): Promise<DialectAnswer> {
    return this.segment.receiveCall(request, 'track');
  }

  @Post('i')
  @HttpCode(200)
  identify(@Req() request: Request): Promise<DialectAnswer> {
    return this.segment.receiveCall(request, 'identify');
  }

  @Post('p')
  @HttpCode(200)
  page(@Req() request: Request): Promise<DialectAnswer> {
    return this.segment.receiveCall(request, 'page');
  }

  @Post('s')
  @HttpCode(200)
  screen(@Req() request: Request): Promise<DialectAnswer> {
    return this.segment.receiveCall(request, 'screen');
  }

  @Post('a')
  @HttpCode(200)
  alias(@Req() request: Request): Promise<DialectAnswer> {
    return this.segment.receiveCall(request, 'alias');
  }

  @Post('g')
  @HttpCode(200)
  group(@Req() request: Request): Promise<DialectAnswer> {
    return this.segment.receiveCall(request, 'group');
  }

  @Post('b')
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
