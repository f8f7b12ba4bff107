import {
  Injectable,
  type CallHandler,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { map, type Observable } from 'rxjs';
import {
  addVary,
  nodeRequest,
  preferredType,
  queryParameters,
  setHeader,
  type HttpRequest,
  type HttpResponse,
} from '../common/http.js';
import type { HourlyReportDto } from './hourly-report.dto.js';

/** Writes a report as CSV, or as JSON where `format` or else the Accept header asks for it. */
@Injectable()
export class CsvOrJsonInterceptor implements NestInterceptor<HourlyReportDto> {
  intercept(
    context: ExecutionContext,
    next: CallHandler<HourlyReportDto>,
  ): Observable<HourlyReportDto | string> {
    const http = context.switchToHttp();
    const response = http.getResponse<HttpResponse>();
    addVary(response, 'Accept');
    if (prefersJson(http.getRequest<HttpRequest>())) return next.handle();
    return next.handle().pipe(
      map((report) => {
        setHeader(response, 'Content-Type', 'text/csv; charset=utf-8');
        return toCsv(report);
      }),
    );
  }
}

function prefersJson(request: HttpRequest): boolean {
  const node = nodeRequest(request);
  const { format } = queryParameters(node);
  if (format !== undefined) return format === 'json';
  return preferredType(node, ['text/csv', 'application/json']) === 'application/json';
}

/** Three lines, each a name and a number: the original API's answer. */
function toCsv({ unique_users, clicks, impressions }: HourlyReportDto): string {
  return `unique_users,${unique_users}\nclicks,${clicks}\nimpressions,${impressions}\n`;
}
