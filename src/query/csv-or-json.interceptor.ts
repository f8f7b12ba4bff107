import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { map, type Observable } from 'rxjs';
import type { HourlyReportDto } from './hourly-report.dto.js';

/** Writes a report as CSV, or as JSON where `format` or else the Accept header asks for it. */
@Injectable()
export class CsvOrJsonInterceptor implements NestInterceptor<HourlyReportDto> {
  intercept(
    context: ExecutionContext,
    next: CallHandler<HourlyReportDto>,
  ): Observable<HourlyReportDto | string> {
    const http = context.switchToHttp();
    const response = http.getResponse<Response>();
    response.vary('Accept');
    if (prefersJson(http.getRequest<Request>())) return next.handle();
    return next.handle().pipe(
      map((report) => {
        response.type('text/csv');
        return toCsv(report);
      }),
    );
  }
}

function prefersJson(request: Request): boolean {
  const format = request.query['format'];
  if (format !== undefined) return format === 'json';
  return request.accepts(['text/csv', 'application/json']) === 'application/json';
}

/** Three lines, each a name and a number: the original API's answer. */
function toCsv({ unique_users, clicks, impressions }: HourlyReportDto): string {
  return `unique_users,${unique_users}\nclicks,${clicks}\nimpressions,${impressions}\n`;
}
