import { Controller, HttpCode, Post, Req, UseFilters } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nodeRequest, type HttpRequest } from '../../common/http.js';
import type { DialectAnswer } from '../dialect.service.js';
import { DialectExceptionFilter } from '../dialect-exception.filter.js';
import { ApiBatch, ApiCall } from './segment.openapi.js';
import { SegmentService } from './segment.service.js';

@ApiTags('segment')
@Controller('v1')
@UseFilters(DialectExceptionFilter)
export class SegmentController {
  constructor(private readonly segment: SegmentService) {}

  @Post('track')
  @HttpCode(200)
  @ApiCall('track')
  track(@Req() request: HttpRequest): Promise<DialectAnswer> {
    return this.segment.receiveCall(nodeRequest(request), 'track');
  }

  @Post('identify')
  @HttpCode(200)
  @ApiCall('identify')
  identify(@Req() request: HttpRequest): Promise<DialectAnswer> {
    return this.segment.receiveCall(nodeRequest(request), 'identify');
  }

  @Post('page')
  @HttpCode(200)
  @ApiCall('page')
  page(@Req() request: HttpRequest): Promise<DialectAnswer> {
    return this.segment.receiveCall(nodeRequest(request), 'page');
  }

  @Post('screen')
  @HttpCode(200)
  @ApiCall('screen')
  screen(@Req() request: HttpRequest): Promise<DialectAnswer> {
    return this.segment.receiveCall(nodeRequest(request), 'screen');
  }

  @Post('alias')
  @HttpCode(200)
  @ApiCall('alias')
  alias(@Req() request: HttpRequest): Promise<DialectAnswer> {
    return this.segment.receiveCall(nodeRequest(request), 'alias');
  }

  @Post('group')
  @HttpCode(200)
  @ApiCall('group')
  group(@Req() request: HttpRequest): Promise<DialectAnswer> {
    return this.segment.receiveCall(nodeRequest(request), 'group');
  }

  @Post(['batch', 'import'])
  @HttpCode(200)
  @ApiBatch()
  batch(@Req() request: HttpRequest): Promise<DialectAnswer> {
    return this.segment.receiveBatch(nodeRequest(request));
  }
}
