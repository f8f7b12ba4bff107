import { Catch } from '@nestjs/common';
import { AnalyticsExceptionFilter } from '../common/analytics-exception.filter.js';
import type { ErrorDto } from '../common/error.dto.js';
import { OverloadedError } from '../common/errors.js';

/** The same answers, in which SDKs find that nothing was taken. */
@Catch()
export class DialectExceptionFilter extends AnalyticsExceptionFilter {
  protected override answer(error: unknown): ErrorDto & { success: false } {
    const answer = super.answer(error);
    // SDKs wait as long as they're asked to, and don't count it among their attempts.
    const statusCode = error instanceof OverloadedError ? 429 : answer.statusCode;
    return Object.assign(answer, { statusCode, success: false as const });
  }
}
