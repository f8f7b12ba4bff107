import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiOkResponse, ApiOperation, ApiResponse } from '@nestjs/swagger';
import { ApiAnswers } from '../dialects/answers.openapi.js';
import { CallsResultDto } from '../dialects/calls-result.dto.js';
import { CALL_DTOS, CallsDto } from '../dialects/segment/segment.dto.js';

const EXAMPLE = {
  batch: [
    {
      type: 'track',
      event: 'impression',
      properties: { element: 'promo-7', path: '/pricing' },
      anonymousId: '6f1c8a52-0d3e-4b7f-9a44-2f6f0f8b7c10',
      messageId: '0b0c5f0e-6a52-4b54-9d1f-6f2d3a7c9e81',
      timestamp: '2026-11-24T09:30:00.250Z',
    },
    {
      type: 'page',
      properties: { path: '/pricing', title: 'Pricing' },
      nobody: true,
      messageId: '5e4b9f6c-1d2a-4c8e-8b3f-7a9c0d1e2f30',
      timestamp: '2026-11-24T09:30:01.000Z',
    },
  ],
  sentAt: '2026-11-24T09:30:05.000Z',
};

/** Describes the script. */
export function ApiScript(): MethodDecorator {
  return applyDecorators(
    ApiOperation({
      summary: 'The tracker, for pages',
      description:
        '`<script defer src="/analytics.js" data-key="..."></script>` is all that a page needs.',
    }),
    ApiOkResponse({ content: { 'text/javascript': { schema: { type: 'string' } } } }),
    ApiResponse({ status: 304, description: 'The browser has it, as its ETag says' }),
  );
}

/** Describes where the script sends its events. */
export function ApiReceive(): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(...Object.values(CALL_DTOS)),
    ApiOperation({
      summary: 'What the tracker sends',
      description: 'As POST /v1/batch, by the path that the script has.',
    }),
    ApiBody({ type: CallsDto, examples: { calls: { value: EXAMPLE } } }),
    ApiAnswers(CallsResultDto, '500 KB or 2,500 calls'),
  );
}
