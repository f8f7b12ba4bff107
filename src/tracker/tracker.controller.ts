import { Controller, Get, HttpCode, Post, Req, Res, UseFilters, type Type } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
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
    script(@Req() request: Request, @Res() response: Response): void {
      this.tracker.send(request, response);
    }

    @Post(paths)
    @HttpCode(200)
    @ApiReceive()
    receive(@Req() request: Request): Promise<DialectAnswer> {
      return this.tracker.receive(request);
    }
  }
  return TrackerController;
}
