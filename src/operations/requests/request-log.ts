import type { EndedRequest } from '../metrics/request-durations.js';

/** What a log says of a request. */
export interface LoggedRequest extends EndedRequest {
  /** The one that `X-Request-Id` answers. */
  id: string;
}

/** Takes a line for each request. */
export interface RequestLog {
  /** Whether it wants any at all; asked once. */
  readonly isOn: boolean;
  write(request: LoggedRequest): void;
}
