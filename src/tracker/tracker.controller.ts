import { Controller, Get, HttpCode, Post, Req, Res, UseFilters, type Type } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { nodeRequest, takeOver, type HttpRequest, type HttpResponse } from '../common/http.js';
import type { DialectAnswer } from '../dialects/dialect.service.js';
import { DialectExceptionFilter } from '../dialects/dialect-exception.filter.js';
import { ApiReceive, ApiScript } from './tracker.openapi.js';
import { TrackerService } from './tracker.service.js';

/** @param paths where the script is found, and where it sends its events */
export function createTrackerController(paths: string[]): Type {
  @ApiTags('tracker')
  @Controller()
  @UseFilters(DialectExceptionFilter)
  class TrackerController {
    constructor(private readonly tracker: TrackerService) {}

    @Get(paths)
    @ApiScript()
    script(@Req() request: HttpRequest, @Res() response: HttpResponse): void {
      this.tracker.send(nodeRequest(request), takeOver(response));
    }

    @Post(paths)
    @HttpCode(200)
    @ApiReceive()
    receive(@Req() request: HttpRequest): Promise<DialectAnswer> {
      return this.tracker.receive(nodeRequest(request));
    }
  }
  return TrackerController;
}
