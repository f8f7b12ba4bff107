import { Controller, HttpCode, Post, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { nodeRequest, type HttpRequest } from '../../common/http.js';
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
  track(@Req() request: HttpRequest): Promise<DialectAnswer> {
    return this.segment.receiveCall(nodeRequest(request), 'track');
  }

  @Post('i')
  @HttpCode(200)
  identify(@Req() request: HttpRequest): Promise<DialectAnswer> {
    return this.segment.receiveCall(nodeRequest(request), 'identify');
  }

  @Post('p')
  @HttpCode(200)
  page(@Req() request: HttpRequest): Promise<DialectAnswer> {
    return this.segment.receiveCall(nodeRequest(request), 'page');
  }

  @Post('s')
  @HttpCode(200)
  screen(@Req() request: HttpRequest): Promise<DialectAnswer> {
    return this.segment.receiveCall(nodeRequest(request), 'screen');
  }

  @Post('a')
  @HttpCode(200)
  alias(@Req() request: HttpRequest): Promise<DialectAnswer> {
    return this.segment.receiveCall(nodeRequest(request), 'alias');
  }

  @Post('g')
  @HttpCode(200)
  group(@Req() request: HttpRequest): Promise<DialectAnswer> {
    return this.segment.receiveCall(nodeRequest(request), 'group');
  }

  @Post('b')
  @HttpCode(200)
  batch(@Req() request: HttpRequest): Promise<DialectAnswer> {
    return this.segment.receiveBatch(nodeRequest(request));
  }

  /** The browser SDK's figures about itself: nothing of the sort is kept. */
  @Post('m')
  @HttpCode(200)
  metrics(): DialectAnswer {
    return { success: true };
  }
}
