import type { IncomingMessage } from 'node:http';
import { UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { UnreadableRequestError } from './errors.js';

/** Of a name that nobody knows, as much as an answer repeats. */
const MAX_SHOWN = 100;

/**
 * A parameter that is misspelt would ask for something else than was meant, and nobody would see it.
 * What sends events leaves unknown ones alone: proxies and SDKs add theirs.
 *
 * @throws UnreadableRequestError that names the first one which isn't accepted
 */
export function requireKnownParameters(
  { url = '' }: Pick<IncomingMessage, 'url'>,
  accepted: readonly string[],
): void {
  const start = url.indexOf('?');
  if (start === -1) return;
  // Not as the framework reads them, which leaves some names out.
  for (const name of new URLSearchParams(url.slice(start)).keys()) {
    if (!accepted.includes(name)) throw unknown(name, accepted);
  }
}

function unknown(name: string, accepted: readonly string[]): UnreadableRequestError {
  const known = accepted.length > 0 ? `accepted are ${accepted.join(', ')}` : 'none are accepted';
  const message = `${name.slice(0, MAX_SHOWN)} is no parameter; ${known}`;
  return new UnreadableRequestError('invalid_parameter', message, 400);
}

/** Says of a handler, or of all of a controller, which parameters its query string may have. */
export function TakesOnly(...accepted: string[]): MethodDecorator & ClassDecorator {
  const guard: CanActivate = {
    canActivate: (context: ExecutionContext): boolean => {
      requireKnownParameters(context.switchToHttp().getRequest<IncomingMessage>(), accepted);
      return true;
    },
  };
  return UseGuards(guard);
}
