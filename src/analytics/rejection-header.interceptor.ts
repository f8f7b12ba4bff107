import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Response } from 'express';
import { map, type Observable } from 'rxjs';
import type { Refusal } from '../ingest/refusal.js';

/** Says in `X-Analytics-Rejected` why nothing was stored: an item of RFC 8941 with its message. */
@Injectable()
export class RejectionHeaderInterceptor implements NestInterceptor<Refusal | undefined> {
  intercept(context: ExecutionContext, next: CallHandler<Refusal | undefined>): Observable<void> {
    const response = context.switchToHttp().getResponse<Response>();
    return next.handle().pipe(
      map((refusal) => {
        if (!refusal) return;
        response.setHeader('X-Analytics-Rejected', `${refusal.code}; message="${refusal.message}"`);
      }),
    );
  }
}
