import { Controller, Get, Header, UseFilters } from '@nestjs/common';
import {
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { AnalyticsExceptionFilter } from '../../common/analytics-exception.filter.js';
import { LivenessDto, NotReadyDto, ReadinessDto } from './health.dto.js';
import { HealthService } from './health.service.js';

@ApiTags('operations')
@Controller('health')
@UseFilters(AnalyticsExceptionFilter)
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'The process answers' })
  @ApiOkResponse({ type: LivenessDto })
  live(): LivenessDto {
    return this.health.live();
  }

  @Get('ready')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Events can be stored',
    description:
      '`degraded` while the database is away and events are kept on disk, and how much waits; where rollups are far behind; where the disk is nearly full. The checks say which.',
  })
  @ApiOkResponse({ type: ReadinessDto })
  @ApiServiceUnavailableResponse({
    type: NotReadyDto,
    description: 'The database is away, and the spool takes no events',
  })
  ready(): Promise<ReadinessDto> {
    return this.health.ready();
  }
}
