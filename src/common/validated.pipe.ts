import { ValidationPipe } from '@nestjs/common';
import { UnreadableRequestError } from './errors.js';

/** Reads and checks the parameters of a request; a failure names the first one and what it takes. */
export const validated = new ValidationPipe({
  transform: true,
  exceptionFactory: ([first]) => {
    const [message = 'the request cannot be read'] = Object.values(first?.constraints ?? {});
    return new UnreadableRequestError('invalid_parameter', message, 400);
  },
});
