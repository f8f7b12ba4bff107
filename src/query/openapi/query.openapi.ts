import { applyDecorators, type Type } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiQuery,
  ApiServiceUnavailableResponse,
  ApiUnprocessableEntityResponse,
  ApiUnsupportedMediaTypeResponse,
  getSchemaPath,
  type ApiQueryOptions,
} from '@nestjs/swagger';
import { ErrorDto } from '../../common/error.dto.js';
import {
  EventsAnswerDto,
  FunnelAnswerDto,
  InvalidQueryDto,
  QueryAnswerDto,
  RefusedQueryDto,
  RetentionAnswerDto,
} from './answer.dto.js';
import { FUNNEL_EXAMPLES, QUERY_EXAMPLES, RETENTION_EXAMPLES } from './examples.js';
import { FunnelDto, QueryDto, RetentionDto } from './query.dto.js';

const EVENT_LINE = {
  timestamp: '2026-11-24T09:30:00.250Z',
  user: 'u-81',
  event: 'signup',
  id: '3daeea48-5045-5643-a585-245b62f8af76',
  source: 'default',
  properties: { plan: 'pro' },
};
const EXPORT_CSV =
  'timestamp,user,event,id,source,properties,anonymous,bot\n' +
  '2026-11-24T09:30:00.250Z,u-81,signup,3daeea48-5045-5643-a585-245b62f8af76,default,"{""plan"": ""pro""}",,\n';

const EVENTS_CSV = EXPORT_CSV.replace('properties,', 'properties,bot,')
  .replace('anonymous,bot\n', 'anonymous,person\n')
  .replace('""}",,\n', '""}",false,,\n');

export const text = (example: string) => ({ schema: { type: 'string', example } });

export const NEXT_CURSOR = {
  'X-Next-Cursor': {
    description: 'The cursor of the next page; absent on the last one',
    schema: { type: 'string' },
  },
};

const BOTS_EXCLUDED = {
  'X-Analytics-Bots-Excluded': {
    description: 'How many events of bots are left out; absent with `bots: include`',
    schema: { type: 'integer' },
  },
};

export const FORMAT: ApiQueryOptions = {
  name: 'format',
  required: false,
  enum: ['json', 'csv'],
  description:
    'Without it what the Accept header prefers, and JSON for no preference. In CSV, text that a ' +
    'spreadsheet would take for a formula has an apostrophe before it.',
};

export const optional = (name: string, description: string, more = {}): ApiQueryOptions => ({
  name,
  required: false,
  type: String,
  description,
  ...more,
});

const TIMEZONE = optional('timezone', 'UTC without it', { example: 'Europe/Berlin' });
const FILTERS = optional('filters', 'As JSON', {
  example: '[["is","event",["click","impression"]]]',
});
const BOTS: ApiQueryOptions = { name: 'bots', required: false, enum: ['exclude', 'include'] };
const DATE_RANGE = { type: String, description: '`FROM,TO`, or a word as in JSON' };

export const queries = (...parameters: ApiQueryOptions[]): MethodDecorator =>
  applyDecorators(...parameters.map((parameter) => ApiQuery(parameter)));

export const Failures = (): MethodDecorator =>
  applyDecorators(
    ApiBadRequestResponse({
      type: InvalidQueryDto,
      description: 'It cannot be read: `path` says where, and the message what is accepted there',
    }),
    ApiUnprocessableEntityResponse({
      type: RefusedQueryDto,
      description:
        '`raw_events_expired`: it needs raw events that are no longer kept, from `raw_from` on they ' +
        'are. `rollups_expired`: no figures are kept any more of before `rollups_from`. `query_too_expensive`: it would take more than the server allows, as `cost` and ' +
        '`limit` tell. Never a part of the answer',
    }),
    ApiServiceUnavailableResponse({
      type: ErrorDto,
      description:
        'Try again, see Retry-After: `unavailable`, `too_many_queries`, or `query_timeout` where ' +
        'the database took too long',
    }),
  );

const Answers = (type: Type, csv: string, headers = {}): MethodDecorator =>
  applyDecorators(
    ApiExtraModels(type),
    ApiOkResponse({
      headers: { ...headers, ...BOTS_EXCLUDED },
      content: {
        'application/json': { schema: { $ref: getSchemaPath(type) } },
        'text/csv': text(csv),
      },
    }),
    Failures(),
  );

const Takes = (type: Type, examples: Record<string, { value: object }>): MethodDecorator =>
  applyDecorators(
    ApiQuery(FORMAT),
    ApiBody({ type, examples }),
    ApiPayloadTooLargeResponse({ type: ErrorDto, description: 'Over 1 MB' }),
    ApiUnsupportedMediaTypeResponse({ type: ErrorDto, description: 'An unknown encoding' }),
  );

const AnswersQuery = (): MethodDecorator =>
  Answers(QueryAnswerDto, 'time,unique_users,events\n2026-11-24T00:00:00+01:00,2,5\n', NEXT_CURSOR);

export const DescribeQuery = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Count events and their different users',
      description:
        'By time, event, source, property and trait. Rows and totals are exact: each row is what ' +
        "the query would answer with that row's values as a filter. Time, event, source, bots and, " +
        'for numbers of users, traits are answered from rollups; properties need raw events.',
    }),
    Takes(QueryDto, QUERY_EXAMPLES),
    AnswersQuery(),
  );

export const DescribeQueryString = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'The same by the query string',
      description:
        'Lists have commas between their items, or are JSON where names hold commas; filters are JSON.',
    }),
    queries(
      { name: 'metrics', type: String, example: 'unique_users,events' },
      { name: 'date_range', ...DATE_RANGE, example: '2026-11-01,2026-12-01' },
      TIMEZONE,
      optional('dimensions', 'Such as `time:day,event`', { example: 'time:day,event' }),
      FILTERS,
      BOTS,
      optional('order_by', 'Such as `unique_users:desc,time`'),
      { name: 'limit', required: false, type: 'integer', description: 'At most 100,000' },
      optional('cursor', 'Of the page before'),
      { name: 'fill', required: false, type: Boolean },
      { name: 'compare', required: false, enum: ['previous_period', 'previous_year'] },
      FORMAT,
    ),
    AnswersQuery(),
  );

export const DescribeFunnel = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'How many people took some steps one after the other',
      description: 'All steps lie in the range. It reads raw events.',
    }),
    Takes(FunnelDto, FUNNEL_EXAMPLES),
    Answers(
      FunnelAnswerDto,
      'step,event,users,conversion,step_conversion,median_seconds\n1,visit,4,1,1,0\n2,signup,1,0.25,0.25,90\n',
    ),
  );

export const DescribeRetention = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'How many people come back, by when they came first',
      description:
        'A cohort is the people whose first event of all time, not only of the range, lies in the period.',
    }),
    Takes(RetentionDto, RETENTION_EXAMPLES),
    Answers(
      RetentionAnswerDto,
      'cohort,size,period_0,period_1\n2026-11-02T00:00:00Z,120,120,45\n2026-11-09T00:00:00Z,80,80,\n',
    ),
  );

export const DescribeEvents = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({ summary: 'Raw events, newest first' }),
    queries(
      { name: 'date_range', required: false, ...DATE_RANGE, example: '2026-11-01,2026-12-01' },
      TIMEZONE,
      FILTERS,
      BOTS,
      {
        name: 'limit',
        required: false,
        type: 'integer',
        description: '100 without it, at most 1,000',
      },
      optional('cursor', 'Of the page before'),
      FORMAT,
    ),
    Answers(EventsAnswerDto, EVENTS_CSV, NEXT_CURSOR),
  );

export const DescribeExport = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'All raw events, oldest first, as a stream',
      description:
        'Bots are in. Each line is as POST /analytics/batch takes it; the same again stores nothing. ' +
        'Text is as it was sent: CSV of it is for programs, not for spreadsheets. ' +
        "Users are as recorded, anonymous ones as such. `cursor` goes on after an export's last whole line.",
    }),
    queries(
      optional('from', 'The first moment', { example: '2026-11-01T00:00:00Z' }),
      optional('to', 'The moment behind the last', { example: '2026-12-01T00:00:00Z' }),
      { name: 'format', required: false, enum: ['ndjson', 'csv'] },
      optional(
        'cursor',
        'A line as JSON, of which `timestamp`, `id`, `user` and `anonymous` are read; or ' +
          '`timestamp,id,user` of it, `timestamp,id` where it has no user',
      ),
    ),
    ApiOkResponse({
      content: {
        'application/x-ndjson': text(`${JSON.stringify(EVENT_LINE)}\n`),
        'text/csv': text(EXPORT_CSV),
      },
    }),
    Failures(),
  );
