import type { IncomingMessage, ServerResponse } from 'node:http';
import { parse, type ParsedUrlQuery } from 'node:querystring';
import accepts from 'accepts';

/**
 * What a controller gets of a request. Express's is Node's own with more to it, Fastify's has Node's
 * own: what this module does with it is the same under both.
 */
export type HttpRequest = IncomingMessage | { readonly raw: IncomingMessage };

/** The same of an answer. */
export type HttpResponse = ServerResponse | FastifyReply;

/** As much of Fastify's as is used. */
interface FastifyReply {
  readonly raw: ServerResponse;
  hijack(): unknown;
  getHeader(name: string): unknown;
  getHeaders(): Record<string, string | number | readonly string[] | undefined>;
  header(name: string, value: string): unknown;
}

/** What Nest has called before handlers: under both with Node's own. */
export type Middleware = (
  request: IncomingMessage & { body?: unknown },
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void | Promise<void>;

/** Headers of requests whose body was hidden. */
const hidden = new WeakMap<IncomingMessage, IncomingMessage['headers']>();
const BODY_HEADERS = ['content-type', 'content-length', 'transfer-encoding'];

/** Node's own request, with the headers that it came with. */
export function nodeRequest(request: HttpRequest): IncomingMessage {
  const node = 'raw' in request ? request.raw : request;
  const headers = hidden.get(node);
  if (headers) {
    node.headers = headers;
    hidden.delete(node);
  }
  return node;
}

/** Node's own response, which stays with the framework. */
export function nodeResponse(response: HttpResponse): ServerResponse {
  return 'raw' in response ? response.raw : response;
}

/** Node's own response, which the framework leaves to the caller from now on, with its headers so far. */
export function takeOver(response: HttpResponse): ServerResponse {
  if (!('raw' in response)) return response;
  response.hijack();
  const { raw } = response;
  if (raw.headersSent) return raw;
  for (const [name, value] of Object.entries(response.getHeaders())) {
    if (value !== undefined) raw.setHeader(name, value);
  }
  return raw;
}

/**
 * Lets Fastify think that a request has no body: it parses whatever it finds one in, by the parsers of
 * the application around this module, which are none of ours. See {@link nodeRequest}.
 */
export function hideBody(request: IncomingMessage): void {
  const { headers } = request;
  hidden.set(request, headers);
  request.headers = Object.fromEntries(
    Object.entries(headers).filter(([name]) => !BODY_HEADERS.includes(name)),
  );
}

/** For an answer that the framework sends. */
export function setHeader(response: HttpResponse, name: string, value: string): void {
  if ('raw' in response) response.header(name, value);
  else response.setHeader(name, value);
}

/** Says that the answer depends on a header of the request, besides what it's said to depend on. */
export function addVary(response: HttpResponse, field: string): void {
  const known = response.getHeader('Vary') as string | string[] | undefined;
  setHeader(response, 'Vary', [known ?? [], field].flat().join(', '));
}

export function sendJson(response: ServerResponse, status: number, value: object): void {
  response.statusCode = status;
  sendText(response, 'application/json; charset=utf-8', JSON.stringify(value));
}

export function sendText(response: ServerResponse, type: string, text: string): void {
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}

/** The query string as it was sent, with its question mark; or nothing. */
export function searchOf(request: IncomingMessage): string {
  const url = urlOf(request);
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start);
}

/** The path as it was sent. */
export function pathOf(request: IncomingMessage): string {
  return urlOf(request).split('?', 1)[0]!;
}

/** Read here, since an application around this module may have a parser of its own for all. */
export function queryParameters(request: IncomingMessage): ParsedUrlQuery {
  return parse(searchOf(request).slice(1));
}

/** @returns which of the types a client likes best, the first of those that it likes alike */
export function preferredType<Type extends string>(
  { headers }: IncomingMessage,
  types: readonly Type[],
): Type | false {
  return accepts({ headers } as IncomingMessage).type([...types]) as Type | false;
}

/** Whether a client takes an encoding. */
export function acceptsEncoding({ headers }: IncomingMessage, encoding: string): boolean {
  return accepts({ headers } as IncomingMessage).encodings(encoding) === encoding;
}

/** Routers take off what they have read. */
function urlOf(request: IncomingMessage & { originalUrl?: string }): string {
  return request.originalUrl ?? request.url ?? '';
}
