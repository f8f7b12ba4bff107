import { Controller, Get, Header, Query, UseFilters } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiOkResponse,
  ApiOperation,
  ApiServiceUnavailableResponse,
  ApiTags,
} from '@nestjs/swagger';
import { AnalyticsExceptionFilter } from '../common/analytics-exception.filter.js';
import { ErrorDto } from '../common/error.dto.js';
import { TakesOnly } from '../common/known-parameters.js';
import { validated } from '../common/validated.pipe.js';
import { AccessBy } from './access.guard.js';
import { AuditDto, AuditQueryDto } from './audit.dto.js';
import { AuditService } from './audit.service.js';

/** Who administered what. */
@ApiTags('administration')
@Controller('analytics/audit')
@UseFilters(AnalyticsExceptionFilter)
@AccessBy('admin', true)
export class AuditController {
  constructor(private readonly audit: AuditService) {}

  @Get()
  @TakesOnly('limit', 'before')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'What was administered, and by whom, the latest first' })
  @ApiOkResponse({ type: AuditDto })
  @ApiBadRequestResponse({ type: ErrorDto, description: 'An unreadable parameter' })
  @ApiServiceUnavailableResponse({ type: ErrorDto, description: 'Try again: see Retry-After' })
  list(@Query(validated) query: AuditQueryDto): Promise<AuditDto> {
    return this.audit.list(query);
  }
}
