import { applyDecorators } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiQuery,
  ApiServiceUnavailableResponse,
} from '@nestjs/swagger';
import { ErrorDto } from '../common/error.dto.js';

const STREAM = `retry: 2000

id: 8c1f0e6b52d94a37-12

id: 8c1f0e6b52d94a37-13
data: {"timestamp":"2026-11-24T09:30:00.000Z","user":"u-81","event":"signup","id":"3daeea48-5045-5643-a585-245b62f8af76","source":"default","properties":{"plan":"pro"},"bot":false}

`;

const names = (name: string, description: string) =>
  ApiQuery({
    name,
    required: false,
    isArray: true,
    type: String,
    description: `${description}: given several times, with commas between, or as a JSON array`,
  });

/** Says all of `GET /analytics/live`. */
export const DescribeLive = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({
      summary: 'Events as they arrive',
      description:
        'Server-sent events that never end: a message is an event that was just stored, as ' +
        '`GET /analytics/events` shows it. `properties_omitted` stands for properties of more than ' +
        '2 KB. A message of the type `omitted` tells how many events were left out where each ' +
        'process stored more than 200 a second; one of the type `gap`, that some may be missing ' +
        'before the next. A client whose connection ends goes on where it was by the last id.',
    }),
    names('event', 'Of these names'),
    names('source', 'Of these sources'),
    ApiQuery({
      name: 'bots',
      required: false,
      enum: ['exclude', 'include'],
      description: '`exclude` without it',
    }),
    ApiQuery({
      name: 'last_event_id',
      required: false,
      type: String,
      description: 'For clients that cannot send the header, which is read first',
    }),
    ApiHeader({
      name: 'Last-Event-ID',
      required: false,
      description: 'Of the last message that was received. Browsers send it by themselves',
    }),
    ApiOkResponse({
      content: { 'text/event-stream': { schema: { type: 'string', example: STREAM } } },
    }),
    ApiBadRequestResponse({ type: ErrorDto, description: 'A parameter that cannot be read' }),
    ApiServiceUnavailableResponse({
      type: ErrorDto,
      description:
        'Try again, see Retry-After: `too_many_subscribers` where 100 clients watch, or ' +
        '`unavailable` where the server is about to end',
    }),
  );
