import type { Response } from 'express';
import type { Refusal } from '../ingest/refusal.js';

/** Says in `X-Analytics-Rejected` why nothing was stored: an item of RFC 8941 with its message. */
export function tellRejection(response: Response, refusal: Refusal | undefined): void {
  if (!refusal) return;
  response.setHeader('X-Analytics-Rejected', `${refusal.code}; message="${refusal.message}"`);
}
