import { Controller, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { DescribeRefusals } from '../../access/access.guard.js';
import { AnalyticsExceptionFilter } from '../../common/analytics-exception.filter.js';
import { ImportQueryDto } from './import.dto.js';
import { DescribeImport } from './import.openapi.js';
import { ImportService } from './import.service.js';

@ApiTags('analytics')
@Controller('analytics/import')
@UseFilters(AnalyticsExceptionFilter)
export class ImportController {
  constructor(private readonly imports: ImportService) {}

  @Post()
  @DescribeImport()
  @DescribeRefusals('invalid_write_key')
  async receive(
    @Req() request: Request,
    @Query() query: ImportQueryDto,
    @Res() response: Response,
  ): Promise<void> {
    const { status, result } = await this.imports.receive(request, response, query);
    response.status(status).json(result);
  }
}
