import { setHeader, type HttpResponse } from '../common/http.js';
import type { Refusal } from '../ingest/refusal.js';

/** Says in `X-Analytics-Rejected` why nothing was stored: an item of RFC 8941 with its message. */
export function tellRejection(response: HttpResponse, refusal: Refusal | undefined): void {
  if (!refusal) return;
  setHeader(response, 'X-Analytics-Rejected', `${refusal.code}; message="${refusal.message}"`);
}
