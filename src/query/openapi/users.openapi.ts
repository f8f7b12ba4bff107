import { applyDecorators } from '@nestjs/common';
import {
  ApiExtraModels,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiQuery,
  getSchemaPath,
} from '@nestjs/swagger';
import { Failures, FORMAT, NEXT_CURSOR, optional, queries, text } from './query.openapi.js';
import { UnknownUserDto, UserDto, UsersAnswerDto } from './users.dto.js';

const PEOPLE_CSV =
  'id,kind,traits,created_at\nu-81,known,"{""plan"": ""pro""}",2026-11-24T09:30:00.250Z\n';

const limit = (otherwise: number) =>
  ({
    name: 'limit',
    required: false,
    type: 'integer',
    description: `${otherwise} without it, at most 1,000`,
  }) as const;

export const DescribeUser = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'All that is known of one person',
      description:
        'Traits, identities, groups and events, in one moment of the database. An anonymous user who ' +
        'was merged is answered with the known one.',
    }),
    ApiParam({
      name: 'id',
      description: 'Percent-encoded: a slash is `%2F`',
      schema: { type: 'string', example: 'u-81' },
    }),
    queries(
      {
        name: 'kind',
        required: false,
        enum: ['known', 'anonymous'],
        description: 'Of the id; `known` without it. They are namespaces of their own',
      },
      { ...limit(20), description: 'Of the latest events: 20 without it, at most 1,000' },
    ),
    ApiOkResponse({ type: UserDto }),
    ApiNotFoundResponse({
      type: UnknownUserDto,
      description: '`unknown_user`: nobody has the id, or only a user of the other kind',
    }),
    Failures(),
  );

export const DescribeUsers = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Find people by their traits',
      description:
        'All of them without any trait. Anonymous users who were merged are part of the known ones, ' +
        'and so are their traits.',
    }),
    ApiQuery({
      name: 'traits',
      required: false,
      style: 'form',
      explode: true,
      description:
        'Each by a parameter of its own, `trait:<name>=<value>`: all have to be equal. A number ' +
        'equals the same number, and its text',
      schema: {
        type: 'object',
        additionalProperties: { type: 'string' },
        example: { 'trait:plan': 'pro' },
      },
    }),
    queries(
      {
        name: 'kind',
        required: false,
        enum: ['known', 'anonymous'],
        description: 'Both without it',
      },
      optional('filters', 'As JSON, of traits alone, beside those above', {
        example: '[["matches","trait:email",["*@example.com"]]]',
      }),
      limit(100),
      optional('cursor', 'Of the page before'),
      FORMAT,
    ),
    ApiExtraModels(UsersAnswerDto),
    ApiOkResponse({
      headers: NEXT_CURSOR,
      content: {
        'application/json': { schema: { $ref: getSchemaPath(UsersAnswerDto) } },
        'text/csv': text(PEOPLE_CSV),
      },
    }),
    Failures(),
  );
