import { applyDecorators } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiServiceUnavailableResponse,
} from '@nestjs/swagger';
import { InvalidQueryDto } from '../query/openapi/answer.dto.js';
import { ErrorDto } from '../common/error.dto.js';
import { ErasureDto, NobodyErasedDto } from './privacy.dto.js';

const ID = (example: string): MethodDecorator =>
  applyDecorators(
    ApiParam({
      name: 'id',
      description: 'Of any identity of theirs. Percent-encoded: a slash is `%2F`',
      schema: { type: 'string', example },
    }),
    ApiQuery({
      name: 'kind',
      required: false,
      enum: ['known', 'anonymous'],
      description: 'Of the id; `known` without it',
    }),
    ApiBadRequestResponse({ type: InvalidQueryDto, description: 'An unreadable parameter' }),
  );

export const DescribeExport = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'All that is kept of one person, as a file',
      description:
        'Traits, identities, groups, merges, rejected input that names them, the days of rollups ' +
        'in which they stand where raw events are gone, and all raw events, the oldest first: of ' +
        'one moment of the database. One that is broken off is no valid JSON.',
    }),
    ID('u-81'),
    ApiOkResponse({
      description: 'A JSON object',
      headers: {
        'Content-Disposition': {
          description: 'A file name',
          schema: { type: 'string', example: 'attachment; filename="known-u-81.json"' },
        },
      },
      content: { 'application/json': { schema: { type: 'object', additionalProperties: true } } },
    }),
    ApiNotFoundResponse({ type: ErrorDto, description: '`unknown_user`: nobody has the id' }),
    ApiServiceUnavailableResponse({
      type: ErrorDto,
      description: 'Try again, see Retry-After: `unavailable`, or `too_many_exports`',
    }),
  );

export const DescribeErasure = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Erase one person',
      description:
        'Every identity of theirs, with its events, figures, merges, groups, what waits on disk, ' +
        'and rejected input that names them. Older events of these ids are refused as `erased` ' +
        'from then on, for `ERASURE_DAYS`; newer ones make a new user. It is done when this is ' +
        'answered, and goes on after a failure. Backups are out of reach.',
    }),
    ID('u-90'),
    ApiOkResponse({ type: ErasureDto }),
    ApiNotFoundResponse({
      type: NobodyErasedDto,
      description: '`unknown_user`: nothing was stored. Older events are refused all the same',
    }),
    ApiServiceUnavailableResponse({
      type: ErrorDto,
      description: 'Nothing was done, or it goes on by itself: try again, see Retry-After',
    }),
  );
