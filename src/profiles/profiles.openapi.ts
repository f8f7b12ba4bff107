import { applyDecorators } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiPayloadTooLargeResponse,
  ApiServiceUnavailableResponse,
  ApiUnprocessableEntityResponse,
  ApiUnsupportedMediaTypeResponse,
} from '@nestjs/swagger';
import { ErrorDto } from '../common/error.dto.js';
import {
  InterruptedProfileImportDto,
  ProfileBodyDto,
  ProfileDto,
  ProfileImportDto,
} from './profiles.dto.js';

/** Says all of `PUT /analytics/users/{id}`. */
export const DescribePut = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Set traits of a known user',
      description:
        'Key by key, as an identify call does: null removes one, other keys stay. The user is ' +
        'created if new. It is said to be so now, so that what comes late of earlier calls does ' +
        'not change it. While the database is away nothing is kept: try again.',
    }),
    ApiParam({
      name: 'id',
      description: 'The user id, percent-encoded; a slash is %2F',
      example: 'u-81',
    }),
    ApiBody({ type: ProfileBodyDto }),
    ApiOkResponse({ type: ProfileDto }),
    ApiBadRequestResponse({
      type: ErrorDto,
      description: 'It can never be stored, as it says why',
    }),
    ApiPayloadTooLargeResponse({ type: ErrorDto, description: 'Over 64 KB' }),
    ApiUnsupportedMediaTypeResponse({ type: ErrorDto, description: 'Not application/json' }),
    ApiUnprocessableEntityResponse({
      type: ErrorDto,
      description: '`too_many_traits`: with those that the user has there would be too many',
    }),
    ApiServiceUnavailableResponse({ type: ErrorDto, description: 'Try again: see Retry-After' }),
  );

const NDJSON =
  '{"user":"u-81","traits":{"plan":"pro","seats":12}}\n' +
  '{"user":"u-82","traits":{"plan":"free"},"timestamp":"2026-11-24T09:30:00Z"}\n' +
  '{"user":"b-1","anonymous":true,"traits":{"language":"de"}}\n';
const CSV = 'user,email,plan\nu-81,jo@example.com,pro\nu-82,,free\n';

const lines = (description: string, value: string) => ({
  schema: { type: 'string', description },
  examples: { profiles: { value } },
});

/** Says all of `POST /analytics/users/import`. */
export const DescribeImport = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Set traits of many users',
      description:
        'Newline-delimited JSON or CSV of any size, stored as it arrives. A line that cannot be ' +
        'stored does not keep the others out. The same file again changes nothing.',
      requestBody: {
        required: true,
        content: {
          'application/x-ndjson': lines(
            'A profile a line, of at most 1 MB: `user` and `traits`; `anonymous` is true for the ' +
              'user of an anonymous id; `timestamp` says when the traits were so, now without it',
            NDJSON,
          ),
          'text/csv': lines(
            'A header with `user` and any other columns, which are traits; `anonymous`, ' +
              '`timestamp` and `traits`, a JSON object, mean the same as in JSON. An empty cell ' +
              'leaves a trait as it is',
            CSV,
          ),
        },
      },
    }),
    ApiOkResponse({ type: ProfileImportDto }),
    ApiBadRequestResponse({
      type: ErrorDto,
      description: 'Its header, or any line at all, cannot be read',
    }),
    ApiUnsupportedMediaTypeResponse({
      type: ErrorDto,
      description: 'Neither newline-delimited JSON nor CSV',
    }),
    ApiServiceUnavailableResponse({
      type: InterruptedProfileImportDto,
      description: 'Try again, see Retry-After. It also has what 200 would, of the lines before',
    }),
  );
