import { Controller, Get, Header, UseFilters } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { Registry } from 'prom-client';
import { AccessBy } from '../../access/access.guard.js';
import { AnalyticsExceptionFilter } from '../../common/analytics-exception.filter.js';
import { ErrorDto } from '../../common/error.dto.js';
import { MetricsService } from './metrics.service.js';

@ApiTags('operations')
@Controller('metrics')
@UseFilters(AnalyticsExceptionFilter)
@AccessBy('read')
export class MetricsController {
  constructor(private readonly metrics: MetricsService) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @Header('Content-Type', Registry.PROMETHEUS_CONTENT_TYPE)
  @ApiOperation({
    summary: 'Figures for Prometheus',
    description: 'In its text format, of all processes of this server together.',
  })
  @ApiProduces('text/plain')
  @ApiOkResponse({
    content: {
      'text/plain': {
        schema: { type: 'string', example: 'user_analytics_events_stored_total 1224\n' },
      },
    },
  })
  @ApiServiceUnavailableResponse({
    type: ErrorDto,
    description: "Another process's figures can't be had now: see Retry-After",
  })
  read(): Promise<string> {
    return this.metrics.text();
  }
}
