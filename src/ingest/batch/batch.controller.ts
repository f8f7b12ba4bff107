import { Controller, HttpCode, Post, Req, UseFilters } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiUnsupportedMediaTypeResponse,
} from '@nestjs/swagger';
import type { Request } from 'express';
import { AnalyticsExceptionFilter } from '../../common/analytics-exception.filter.js';
import { ErrorDto } from '../../common/error.dto.js';
import { receivedBody } from '../body.middleware.js';
import { BatchDto, BatchResultDto } from './batch.dto.js';
import { BatchService } from './batch.service.js';

@ApiTags('analytics')
@Controller('analytics/batch')
@UseFilters(AnalyticsExceptionFilter)
export class BatchController {
  constructor(private readonly batches: BatchService) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Store many events',
    description: 'Up to 10,000 events of any name. The answer says what became of each.',
  })
  @ApiBody({
    type: BatchDto,
    examples: {
      events: {
        value: {
          events: [
            { timestamp: '1224567997', user: '3', event: 'click', id: 'c-1' },
            {
              timestamp: '2026-11-24T09:30:00.250Z',
              user: 'u-81',
              event: 'signup',
              properties: { plan: 'pro' },
            },
          ],
        },
      },
    },
  })
  @ApiOkResponse({ type: BatchResultDto })
  @ApiBadRequestResponse({ type: ErrorDto, description: 'The body cannot be read at all' })
  @ApiPayloadTooLargeResponse({ type: ErrorDto, description: 'Over 10,000 events or 10 MB' })
  @ApiUnsupportedMediaTypeResponse({ type: ErrorDto, description: 'Not JSON' })
  @ApiServiceUnavailableResponse({ type: ErrorDto, description: 'Try again: see Retry-After' })
  receive(@Req() request: Request): Promise<BatchResultDto> {
    return this.batches.receive(receivedBody(request));
  }
}
