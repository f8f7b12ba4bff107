import { applyDecorators, type Type } from '@nestjs/common';
import {
  ApiBadRequestResponse,
  ApiForbiddenResponse,
  ApiOkResponse,
  ApiPayloadTooLargeResponse,
  ApiServiceUnavailableResponse,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
  ApiUnsupportedMediaTypeResponse,
} from '@nestjs/swagger';
import { FORBIDDEN } from '../access/access.guard.js';
import { CallsErrorDto } from './calls-result.dto.js';

/**
 * Describes what all dialects answer.
 *
 * @param result of what is stored
 * @param limit what a request may not have more than
 */
export function ApiAnswers(result: Type, limit: string): MethodDecorator {
  const type = CallsErrorDto;
  return applyDecorators(
    ApiOkResponse({
      type: result,
      description:
        'Stored: in the database, or on disk while that is away. What was stored before changes nothing',
    }),
    ApiBadRequestResponse({
      type,
      description: 'The body cannot be read, or nothing in it can ever be stored',
    }),
    ApiUnauthorizedResponse({
      type,
      description: 'The write key is missing, or not known; or the token is not valid',
    }),
    ApiForbiddenResponse({ type, description: FORBIDDEN }),
    ApiPayloadTooLargeResponse({ type, description: `Over ${limit}` }),
    ApiUnsupportedMediaTypeResponse({
      type,
      description: 'Neither plain nor gzip, deflate or br; or not UTF-8',
    }),
    ApiTooManyRequestsResponse({
      type,
      description:
        'More arrives than can be stored, or than one address or key may send: try again, see Retry-After',
    }),
    ApiServiceUnavailableResponse({
      type,
      description: 'Nothing can be stored for now: try again, see Retry-After',
    }),
  );
}
