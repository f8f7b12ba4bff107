import { Controller, Delete, Get, Header, Param, Req, Res, UseFilters } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Access } from '../access/access.js';
import { AccessBy } from '../access/access.guard.js';
import { AnalyticsExceptionFilter } from '../common/analytics-exception.filter.js';
import { whileConnected } from '../query/send-answer.js';
import { ErasureService } from './erasure.service.js';
import { ErasureWatch } from './erasure-watch.js';
import { ExportService } from './export.service.js';
import { parseNamed } from './parse-named.js';
import type { ErasureDto } from './privacy.dto.js';
import { DescribeErasure, DescribeExport } from './privacy.openapi.js';

/** What a person may ask for: all that is kept of them, and that nothing is. */
@ApiTags('users')
@Controller('analytics/users')
@UseFilters(AnalyticsExceptionFilter)
@AccessBy('admin')
export class PrivacyController {
  constructor(
    private readonly exports: ExportService,
    private readonly erasures: ErasureService,
    private readonly watch: ErasureWatch,
    private readonly access: Access,
  ) {}

  @Get(':id/export')
  @DescribeExport()
  async export(
    @Param('id') id: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const signal = whileConnected(response);
    await this.exports.send(parseNamed(id, request.query), response, signal);
  }

  @Delete(':id')
  @Header('Cache-Control', 'no-store')
  @DescribeErasure()
  async erase(@Param('id') id: string, @Req() request: Request): Promise<ErasureDto> {
    const actor = this.access.actorOf(request) ?? 'anyone';
    return await this.erasures.erase(parseNamed(id, request.query), actor, this.watch.signal);
  }
}
