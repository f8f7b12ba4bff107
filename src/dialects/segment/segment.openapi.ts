import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiOperation } from '@nestjs/swagger';
import type { CallType } from './map-call.js';
import { ApiAnswers } from '../answers.openapi.js';
import { CallsResultDto } from '../calls-result.dto.js';
import { CALL_DTOS, CallsDto } from './segment.dto.js';

const KEY =
  'Where there are write keys, one is given as the user name of Basic authentication, as a bearer ' +
  'token or as `writeKey` in the body, and the event belongs to its source.';

const ANY_TYPE = 'The body is JSON, whatever its content type.';

const SUMMARIES: Record<CallType, string> = {
  track: 'Segment: something happened',
  identify: 'Segment: what is known of a user, and which anonymous one it was',
  page: 'Segment: a page was seen',
  screen: "Segment: an app's screen was seen",
  alias: 'Segment: an anonymous user is a known one',
  group: 'Segment: a user belongs to a group',
};

const COMMON = { timestamp: '2026-11-24T09:30:00.250Z' };

const EXAMPLES: Record<CallType, object> = {
  track: {
    userId: 'u-81',
    event: 'Product Clicked',
    properties: { product_id: 'p-7', position: 3 },
    messageId: 'm-1',
    ...COMMON,
  },
  identify: {
    userId: 'u-81',
    anonymousId: 'a-5',
    traits: { email: 'ada@example.com', plan: 'pro' },
    messageId: 'm-2',
    ...COMMON,
  },
  page: {
    anonymousId: 'a-5',
    name: 'Pricing',
    properties: { url: 'https://example.com/pricing', referrer: 'https://example.com/' },
    messageId: 'm-3',
    ...COMMON,
  },
  screen: { userId: 'u-81', name: 'Basket', category: 'Shop', messageId: 'm-4', ...COMMON },
  alias: { previousId: 'a-6', userId: 'u-81', messageId: 'm-5', ...COMMON },
  group: {
    userId: 'u-81',
    groupId: 'g-1',
    traits: { name: 'Example Ltd' },
    messageId: 'm-6',
    ...COMMON,
  },
};

const BATCH_EXAMPLE = {
  batch: [
    { type: 'track', ...EXAMPLES.track },
    { type: 'identify', ...EXAMPLES.identify },
  ],
  sentAt: '2026-11-24T09:30:05.000Z',
};

/** Describes the endpoint of one call. */
export function ApiCall(type: CallType): MethodDecorator {
  return applyDecorators(
    ApiOperation({ summary: SUMMARIES[type], description: `${ANY_TYPE} ${KEY}` }),
    ApiBody({ type: CALL_DTOS[type], examples: { [type]: { value: EXAMPLES[type] } } }),
    Answers(),
  );
}

/** Describes the endpoints of many. */
export function ApiBatch(): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(...Object.values(CALL_DTOS)),
    ApiOperation({
      summary: 'Segment: many calls of any type',
      description: `Up to 2,500 calls and 500 KB. ${ANY_TYPE} ${KEY}`,
    }),
    ApiBody({ type: CallsDto, examples: { calls: { value: BATCH_EXAMPLE } } }),
    Answers(),
  );
}

function Answers(): MethodDecorator {
  return ApiAnswers(CallsResultDto, '500 KB or 2,500 calls');
}
