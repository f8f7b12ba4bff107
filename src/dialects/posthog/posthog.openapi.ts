import { applyDecorators } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiPayloadTooLargeResponse,
  ApiServiceUnavailableResponse,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
  ApiUnsupportedMediaTypeResponse,
} from '@nestjs/swagger';
import { CallsErrorDto } from '../calls-result.dto.js';
import { EventsResultDto, PosthogBatchDto, PosthogEventDto } from './posthog.dto.js';

const EVENT = {
  event: '$pageview',
  distinct_id: 'u-81',
  properties: { $current_url: 'https://example.com/pricing', $set: { plan: 'pro' } },
  timestamp: '2026-11-24T09:30:00.250Z',
};

const BODIES = {
  'one event': {
    type: PosthogEventDto,
    example: { ...EVENT, uuid: '0190a1b2-0000-7000-8000-000000000081' },
  },
  'many events': {
    type: PosthogBatchDto,
    example: { batch: [{ ...EVENT, uuid: '0190a1b2-0000-7000-8000-000000000082' }] },
  },
};

/** Describes the endpoint of one event, or of many. */
export function ApiEvents(what: keyof typeof BODIES): MethodDecorator {
  const { type: body, example } = BODIES[what];
  const type = CallsErrorDto;
  return applyDecorators(
    ApiOperation({
      summary: `PostHog: ${what}`,
      description: 'As posthog-node sends them, with a slash at the end or without.',
    }),
    ApiBody({ type: body, examples: { [what]: { value: example } } }),
    ApiOkResponse({
      type: EventsResultDto,
      description: 'Stored: in the database, or on disk while that is away',
    }),
    ApiBadRequestResponse({
      type,
      description: 'The body cannot be read, or none of its events can ever be stored',
    }),
    ApiUnauthorizedResponse({ type, description: 'The key or the token is missing, or not valid' }),
    ApiPayloadTooLargeResponse({ type, description: 'Over 10 MB or 10,000 events' }),
    ApiUnsupportedMediaTypeResponse({
      type,
      description: 'Neither plain nor gzip, deflate or br; or not UTF-8',
    }),
    ApiTooManyRequestsResponse({
      type,
      description: 'More arrives than can be stored: try again, see Retry-After',
    }),
    ApiServiceUnavailableResponse({
      type,
      description: 'Nothing can be stored for now: try again, see Retry-After',
    }),
  );
}
