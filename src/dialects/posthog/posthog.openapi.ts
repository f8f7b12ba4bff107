import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiOperation } from '@nestjs/swagger';
import { ApiAnswers } from '../answers.openapi.js';
import { EventsResultDto } from '../calls-result.dto.js';
import { PosthogBatchDto, PosthogEventDto } from './posthog.dto.js';

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
  return applyDecorators(
    ApiOperation({
      summary: `PostHog: ${what}`,
      description: 'As posthog-node sends them, with a slash at the end or without.',
    }),
    ApiBody({ type: body, examples: { [what]: { value: example } } }),
    ApiAnswers(EventsResultDto, '10 MB or 10,000 events'),
  );
}
