import { parseJsonObject } from '../common/json-object.js';
import type { EventFields } from './normalise.js';
import { Refusal } from './refusal.js';

/** A body as it arrived, decompressed; or why it couldn't be received. */
export type ReceivedBody =
  | {
      bytes: Buffer;
      contentType: string | undefined;
      /** Gives up the bytes; whoever calls it reads them no more. */
      release?: () => void;
    }
  | Refusal;

/** What `POST /analytics` reads. Other parameters are left alone: proxies and tags add theirs. */
const FIELDS = ['timestamp', 'user', 'event', 'id'] as const;
type Field = (typeof FIELDS)[number];

/**
 * Collects the fields of one event from the query string and the body (JSON, a form, or JSON as
 * text/plain, which is what `navigator.sendBeacon` sends). A field given twice is refused.
 *
 * @param query what follows the `?` of the URL, still encoded
 */
export function readRequestFields(query: string, body: ReceivedBody): EventFields | Refusal {
  const fromQuery = readUrlEncoded(query);
  if (fromQuery instanceof Refusal) return fromQuery;
  if (body instanceof Refusal) return body;
  if (body.bytes.length === 0) return fromQuery;
  const fromBody = readBody(body.bytes, body.contentType);
  if (fromBody instanceof Refusal) return fromBody;
  const repeated = FIELDS.some((field) => field in fromQuery && field in fromBody);
  return repeated ? new Refusal('repeated_field') : { ...fromQuery, ...fromBody };
}

function readBody(bytes: Buffer, contentType = 'text/plain'): EventFields | Refusal {
  const [type = '', ...parameters] = contentType.toLowerCase().split(';');
  const charset = parameters.map((text) => /^\s*charset="?([^"]*?)"?\s*$/.exec(text)?.[1]);
  if (charset.some((name) => name !== undefined && !/^(utf-?8|us-ascii)$/.test(name))) {
    return new Refusal('unsupported_charset');
  }
  const text = decodeUtf8(bytes);
  if (text === undefined) return new Refusal('unreadable_body');
  switch (type.trim()) {
    case 'application/json':
    case 'text/plain':
      return readJson(text);
    case 'application/x-www-form-urlencoded': {
      const fields = readUrlEncoded(text);
      const malformed = fields instanceof Refusal && fields.code === 'malformed_query';
      return malformed ? new Refusal('unreadable_body') : fields;
    }
    default:
      return new Refusal('unsupported_content_type');
  }
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function readJson(text: string): EventFields | Refusal {
  const value = parseJsonObject(text);
  return value ? pick(value) : new Refusal('unreadable_body');
}

/** Unlike `URLSearchParams`, it refuses what isn't UTF-8 instead of storing replacement characters. */
function readUrlEncoded(text: string): EventFields | Refusal {
  const fields: EventFields = {};
  for (let start = 0; start < text.length;) {
    const next = text.indexOf('&', start);
    const end = next === -1 ? text.length : next;
    const equals = text.indexOf('=', start);
    const separator = equals === -1 || equals > end ? end : equals;
    const field = fieldOf(text.slice(start, separator));
    if (field !== undefined) {
      if (field in fields) return new Refusal('repeated_field');
      const value = decode(text.slice(Math.min(separator + 1, end), end));
      if (value === undefined) return new Refusal('malformed_query');
      fields[field] = value;
    }
    start = end + 1;
  }
  return fields;
}

/** @returns undefined for a parameter that isn't ours, be it malformed */
function fieldOf(encodedName: string): Field | undefined {
  const name = decode(encodedName);
  return FIELDS.find((field) => field === name);
}

/** @returns undefined for what isn't percent-encoded UTF-8 */
function decode(text: string): string | undefined {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

function pick(value: Record<string, unknown>): EventFields {
  const fields: EventFields = {};
  for (const field of FIELDS) if (Object.hasOwn(value, field)) fields[field] = value[field];
  return fields;
}
