import { keyHeaders, tellKeyNeeded } from './key.js';

/** An answer that isn't what was asked for, as the API words it. */
export class ApiError extends Error {
  override name = 'ApiError';

  /** @param status 0 where there was no answer at all */
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** What the server asks to wait, in seconds. */
    private readonly retryAfter = 0,
  ) {
    super(message);
  }

  /**
   * How long to wait before the same is asked again, in milliseconds.
   *
   * @param usual where the server doesn't say
   * @returns undefined where it would fail again
   */
  retryMs(usual: number): number | undefined {
    const mayPass = this.status === 0 || this.status === 429 || this.status >= 500;
    if (!mayPass || this.code === 'query_timeout') return undefined;
    return Math.max(usual, this.retryAfter * 1_000);
  }

  /** What whoever looks may do. */
  get advice(): string {
    switch (this.code) {
      case 'unreachable':
        return 'Is the server running, and this machine online? It is tried again by itself.';
      case 'query_too_expensive':
        return 'Choose a shorter range, or remove filters on properties: those read every event.';
      case 'raw_events_expired':
        return 'Choose a later range: older events are kept as figures only, without properties.';
      case 'rollups_expired':
        return 'Choose a later range: figures of before are no longer kept.';
      case 'unknown_user':
        return 'Look for them by a trait: ids are written exactly as they were sent.';
      case 'wrong_key_kind':
        return 'Open the dashboard in another tab, with a key of that kind.';
      case 'protected_mode':
        return 'Make a key on the server, and give it here.';
      case 'rate_limited':
        return 'It is tried again by itself.';
      case 'query_timeout':
        return 'Choose a shorter range, or fewer filters.';
      case 'invalid_query':
        return 'Change what it names: a filter, the range or the time zone.';
      default:
        return this.retryMs(0) === undefined
          ? 'Ask for less, or for something else.'
          : 'It is tried again by itself.';
    }
  }
}

/** Relative to the page, so that it works wherever the server's paths begin. */
const API = 'analytics';

/** @throws ApiError */
export async function getJson<Answer>(
  path: string,
  parameters: Record<string, string>,
  signal?: AbortSignal,
): Promise<Answer> {
  return (await (await get(path, parameters, signal)).json()) as Answer;
}

/** More than a spreadsheet takes. */
const MAX_PAGES = 1_000;

/**
 * All pages of a table as one.
 *
 * @throws ApiError
 */
export async function getCsv(path: string, parameters: Record<string, string>): Promise<string> {
  let text = '';
  let cursor: string | null = null;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const more: Record<string, string> = cursor === null ? {} : { cursor };
    const response = await get(path, { ...parameters, ...more, format: 'csv' });
    const csv = await response.text();
    text += page === 0 ? csv : csv.slice(csv.indexOf('\n') + 1);
    cursor = response.headers.get('X-Next-Cursor');
    if (cursor === null) break;
  }
  return text;
}

/** @throws ApiError */
export async function postJson<Answer>(
  path: string,
  body: object,
  signal?: AbortSignal,
): Promise<Answer> {
  return (await (await post(path, body, signal)).json()) as Answer;
}

/** @throws ApiError */
export async function postForCsv(path: string, body: object): Promise<string> {
  return (await post(`${path}?format=csv`, body)).text();
}

function get(
  path: string,
  parameters: Record<string, string>,
  signal?: AbortSignal,
): Promise<Response> {
  const search = new URLSearchParams(parameters).toString();
  return send(`${API}/${path}${search && `?${search}`}`, { ...(signal && { signal }) });
}

function post(path: string, body: object, signal?: AbortSignal): Promise<Response> {
  return send(`${API}/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

async function send(url: string, init: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...init, headers: withKey(init.headers) });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiError(0, 'unreachable', 'The server does not answer.');
  }
  if (response.ok) return response;
  if (response.status === 401) tellKeyNeeded();
  throw await errorOf(response);
}

function withKey(given: RequestInit['headers']): Headers {
  const headers = new Headers(given);
  for (const [name, value] of Object.entries(keyHeaders())) headers.set(name, value);
  return headers;
}

async function errorOf(response: Response): Promise<ApiError> {
  const said = (await response.json().catch(() => ({}))) as { code?: string; message?: string };
  const { code = 'error', message = `The server answered ${response.status}.` } = said;
  const retryAfter = Number(response.headers.get('Retry-After') ?? 0);
  return new ApiError(response.status, code, message, retryAfter);
}
