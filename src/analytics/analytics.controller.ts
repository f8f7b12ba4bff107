import {
  Controller,
  Get,
  Header,
  HttpCode,
  Post,
  Query,
  Req,
  Res,
  UseFilters,
  UseInterceptors,
} from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiConsumes,
  ApiForbiddenResponse,
  ApiExtraModels,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiUnprocessableEntityResponse,
  ApiOperation,
  ApiQuery,
  ApiServiceUnavailableResponse,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import { AccessBy } from '../access/access.guard.js';
import { AnalyticsExceptionFilter } from '../common/analytics-exception.filter.js';
import { ErrorDto } from '../common/error.dto.js';
import {
  nodeRequest,
  nodeResponse,
  searchOf,
  type HttpRequest,
  type HttpResponse,
} from '../common/http.js';
import { TakesOnly } from '../common/known-parameters.js';
import { validated } from '../common/validated.pipe.js';
import { receivedBody } from '../ingest/body/body.middleware.js';
import { RejectionsDto, RejectionsQueryDto } from '../ingest/rejections.dto.js';
import { CsvOrJsonInterceptor } from '../query/csv-or-json.interceptor.js';
import { HourlyReportDto, HourlyReportQueryDto } from '../query/hourly-report.dto.js';
import { whileConnected } from '../query/send-answer.js';
import { OriginalApiService } from './original-api.service.js';
import { EventDto } from './event.dto.js';
import { tellRejection } from './rejection-header.js';
import { tellWindow } from './window-header.js';

@ApiTags('analytics')
@ApiExtraModels(HourlyReportDto)
@Controller('analytics')
@UseFilters(AnalyticsExceptionFilter)
export class AnalyticsController {
  constructor(private readonly analytics: OriginalApiService) {}

  @Post()
  @HttpCode(204)
  @ApiOperation({
    summary: 'Store one click or impression',
    description:
      'Always 204. Without the header X-Analytics-Rejected the event is stored; with it nothing ' +
      'was stored, and it names the reason. The fields are read from the query string, such as ' +
      '`?timestamp=1224567997&user=3&event=click`, or from the body; a field given in both, or twice in the query or a form, is refused.',
  })
  // No examples here: the explorer would send them together with those of the body.
  @ApiQuery({ name: 'timestamp', required: false, type: String })
  @ApiQuery({ name: 'user', required: false, type: String })
  @ApiQuery({ name: 'event', required: false, enum: ['click', 'impression'] })
  @ApiQuery({
    name: 'id',
    required: false,
    type: String,
    description: 'Makes a retry with the same timestamp and user harmless',
  })
  @ApiConsumes('application/json', 'application/x-www-form-urlencoded', 'text/plain')
  @ApiBody({ type: EventDto, required: false })
  @ApiNoContentResponse({
    headers: {
      'X-Analytics-Rejected': {
        description: 'Why nothing was stored',
        schema: { type: 'string', example: 'missing_user; message="user is missing: ..."' },
      },
    },
  })
  @ApiForbiddenResponse({
    type: ErrorDto,
    description: '`protected_mode`: no key was made yet, and the request is not from this machine',
  })
  @ApiServiceUnavailableResponse({ type: ErrorDto, description: 'Try again: see Retry-After' })
  async record(
    @Req() request: HttpRequest,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<void> {
    const node = nodeRequest(request);
    const query = searchOf(node).slice(1);
    const refusal = await this.analytics.record(node, query, receivedBody(node));
    tellRejection(response, refusal);
  }

  @Get()
  @AccessBy('read')
  @UseInterceptors(CsvOrJsonInterceptor)
  @ApiOperation({
    summary: 'Unique users, clicks and impressions of the hour up to a timestamp',
    description:
      'Both ends of the hour are in. CSV by default; JSON by Accept or format=json. X-Analytics-Window names the window: where raw events are no longer kept it is widened to whole minutes.',
  })
  @ApiOkResponse({
    headers: {
      'X-Analytics-Window': {
        description: 'Its first and last moment, both in',
        schema: { type: 'string', example: '2008-10-21T04:46:39.000Z/2008-10-21T05:46:39.000Z' },
      },
    },
    content: {
      'text/csv': {
        schema: { type: 'string', example: 'unique_users,2\nclicks,1\nimpressions,1\n' },
      },
      'application/json': { schema: { $ref: getSchemaPath(HourlyReportDto) } },
    },
  })
  @ApiBadRequestResponse({ type: ErrorDto, description: 'A missing or unreadable timestamp' })
  @ApiUnprocessableEntityResponse({
    type: ErrorDto,
    description: '`rollups_expired`: figures of that hour are no longer kept',
  })
  @ApiServiceUnavailableResponse({ type: ErrorDto, description: 'Try again: see Retry-After' })
  async report(
    @Query(validated) query: HourlyReportQueryDto,
    @Res({ passthrough: true }) response: HttpResponse,
  ): Promise<HourlyReportDto> {
    const report = await this.analytics.report(query, whileConnected(nodeResponse(response)));
    tellWindow(response, report);
    return report;
  }

  @Get('rejections')
  @AccessBy('read')
  @TakesOnly('limit')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'What was not stored in the last 7 days, and why' })
  @ApiOkResponse({ type: RejectionsDto })
  @ApiBadRequestResponse({ type: ErrorDto, description: 'An unreadable limit' })
  @ApiServiceUnavailableResponse({ type: ErrorDto, description: 'Try again: see Retry-After' })
  rejected(@Query(validated) { limit }: RejectionsQueryDto): Promise<RejectionsDto> {
    return this.analytics.rejected(limit);
  }
}
