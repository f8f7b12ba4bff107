import { Controller, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBadRequestResponse,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiUnsupportedMediaTypeResponse,
  getSchemaPath,
} from '@nestjs/swagger';
import { DescribeRefusals } from '../../access/access.guard.js';
import { AnalyticsExceptionFilter } from '../../common/analytics-exception.filter.js';
import { ErrorDto } from '../../common/error.dto.js';
import { nodeRequest, takeOver, type HttpRequest, type HttpResponse } from '../../common/http.js';
import { validated } from '../../common/validated.pipe.js';
import {
  BatchDto,
  BatchEventDto,
  BatchQueryDto,
  BatchResultDto,
  InterruptedBatchDto,
} from './batch.dto.js';
import { BatchReceiver } from './batch-receiver.js';
import { sendResult } from './send-result.js';

const REQUEST_BODY = {
  required: true,
  content: {
    'application/json': {
      schema: {
        oneOf: [
          { $ref: getSchemaPath(BatchDto) },
          { type: 'array', items: { $ref: getSchemaPath(BatchEventDto) } },
        ],
      },
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
    },
    'application/x-ndjson': {
      schema: { type: 'string', description: 'An event a line, as in a batch; of at most 1 MB' },
      examples: {
        lines: {
          value:
            '{"timestamp":"2026-11-24T09:31:00Z","user":"u-81","event":"login","id":"l-1"}\n' +
            '{"timestamp":"2026-11-24T09:31:30Z","user":"u-82","event":"login","id":"l-2"}\n',
        },
      },
    },
  },
};

@ApiTags('analytics')
@ApiExtraModels(BatchDto, BatchEventDto)
@Controller('analytics/batch')
@UseFilters(AnalyticsExceptionFilter)
export class BatchController {
  constructor(private readonly receiver: BatchReceiver) {}

  @Post()
  @ApiOperation({
    summary: 'Store many events',
    description:
      'Events of any name: up to 10,000 and 10 MB as JSON, any number as newline-delimited JSON ' +
      '(application/x-ndjson), which is stored as it arrives. The answer says what became of each.',
    requestBody: REQUEST_BODY,
  })
  @DescribeRefusals('invalid_write_key')
  @ApiOkResponse({ type: BatchResultDto })
  @ApiAcceptedResponse({
    type: BatchResultDto,
    description: 'The database is away: events lie on disk until it is back',
  })
  @ApiBadRequestResponse({ type: ErrorDto, description: 'The body cannot be read at all' })
  @ApiPayloadTooLargeResponse({ type: ErrorDto, description: 'Over 10,000 events or 10 MB' })
  @ApiUnsupportedMediaTypeResponse({
    type: ErrorDto,
    description: 'Neither JSON nor newline-delimited JSON',
  })
  @ApiServiceUnavailableResponse({
    type: InterruptedBatchDto,
    description:
      'Try again: see Retry-After. For a stream it also has what 200 would, of the lines before',
  })
  async receive(
    @Req() request: HttpRequest,
    @Query(validated) query: BatchQueryDto,
    @Res() response: HttpResponse,
  ): Promise<void> {
    const answer = takeOver(response);
    const { status, result } = await this.receiver.receive(
      nodeRequest(request),
      answer,
      query.receipts,
    );
    sendResult(answer, status, result);
  }
}
