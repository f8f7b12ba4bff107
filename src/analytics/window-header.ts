import { setHeader, type HttpResponse } from '../common/http.js';
import type { HourlyReportDto } from '../query/hourly-report.dto.js';

/** Says in `X-Analytics-Window` which window was counted, as an interval of ISO 8601; both ends are in. */
export function tellWindow(response: HttpResponse, { window }: HourlyReportDto): void {
  setHeader(response, 'X-Analytics-Window', `${window.from}/${window.to}`);
}
