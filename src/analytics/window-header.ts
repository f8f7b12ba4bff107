import type { Response } from 'express';
import type { HourlyReportDto } from '../query/hourly-report.dto.js';

/** Says in `X-Analytics-Window` which window was counted, as an interval of ISO 8601; both ends are in. */
export function tellWindow(response: Response, { window }: HourlyReportDto): void {
  response.setHeader('X-Analytics-Window', `${window.from}/${window.to}`);
}
