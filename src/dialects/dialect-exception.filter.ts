import { Catch } from '@nestjs/common';
import { AnalyticsExceptionFilter } from '../common/analytics-exception.filter.js';
import type { ErrorDto } from '../common/error.dto.js';

/** The same answers, in which SDKs find that nothing was taken. */
@Catch()
export class DialectExceptionFilter extends AnalyticsExceptionFilter {
  protected override answer(error: unknown): ErrorDto & { success: false } {
    return Object.assign(super.answer(error), { success: false as const });
  }
}
