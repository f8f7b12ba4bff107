import type { IncomingMessage } from 'node:http';
import {
  applyDecorators,
  Injectable,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import {
  ApiForbiddenResponse,
  ApiSecurity,
  ApiTooManyRequestsResponse,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import {
  nodeRequest,
  nodeResponse,
  setHeader,
  type HttpRequest,
  type HttpResponse,
} from '../common/http.js';
import { ErrorDto } from '../common/error.dto.js';
import { Access, type Need } from './access.js';
import type { AccessKind } from './keys/access-key.js';

const NEED = 'user-analytics:access';

/** Lets in who may; the ways in of events look at their keys themselves, since a body may hold them. */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly letIn = new WeakSet<IncomingMessage>();

  constructor(
    private readonly access: Access,
    private readonly reflector: Reflector,
  ) {}

  /** @throws what `Access.authorize` does */
  async canActivate(context: ExecutionContext): Promise<true> {
    const [request, response] = context.getArgs<[HttpRequest, HttpResponse]>();
    const raw = nodeRequest(request);
    // A handler of its own need stands in a class that has one, too.
    if (this.letIn.has(raw)) return true;
    const need = this.reflector.getAllAndOverride<Need>(NEED, [
      context.getHandler(),
      context.getClass(),
    ]);
    // Figures and people are nobody's to keep on the way.
    setHeader(response, 'Cache-Control', 'no-store');
    await this.access.admit(raw, nodeResponse(response));
    await this.access.authorize(raw, need);
    this.letIn.add(raw);
    return true;
  }
}

/**
 * Of a controller, or one of its handlers: which kind of key it takes, where keys are needed.
 *
 * @param always even where others need none
 */
export function AccessBy(kind: Exclude<AccessKind, 'write'>, always = false) {
  return applyDecorators(
    SetMetadata(NEED, { kind, always } satisfies Need),
    UseGuards(AccessGuard),
    ApiSecurity('key'),
    DescribeRefusals('invalid_key'),
  );
}

export const FORBIDDEN =
  '`wrong_key_kind`, `origin_not_allowed`; `protected_mode`: no key was made yet, and the request is not from this machine';

/** What the document says of who isn't let in. */
export function DescribeRefusals(code: string) {
  return applyDecorators(
    ApiUnauthorizedResponse({
      type: ErrorDto,
      description: `\`${code}\`: no key, or one that isn't known`,
    }),
    ApiForbiddenResponse({ type: ErrorDto, description: FORBIDDEN }),
    ApiTooManyRequestsResponse({
      type: ErrorDto,
      description: '`rate_limited`: see Retry-After and RateLimit',
    }),
  );
}
