import { once } from 'node:events';
import { RawClient } from './hostile.js';

/** An answer as it came over the wire. */
export interface RawAnswer {
  /** 0 where the connection was closed without an answer. */
  status: number;
  /** Lines of the header, without the first. */
  headers: string[];
  body: string;
  /** All of it: more than one answer, where there were several. */
  text: string;
}

/**
 * Sends bytes that no HTTP client would send, and reads until the server closes the connection.
 *
 * @param request in latin1, whole: its header asks for the end by `Connection: close`
 */
export async function exchange(base: string, request: string): Promise<RawAnswer> {
  const client = await RawClient.connect(base);
  const closed = once(client.socket, 'close');
  client.socket.write(request, 'latin1');
  await closed;
  const text = client.answer;
  const end = text.indexOf('\r\n\r\n');
  const [first = '', ...headers] = text.slice(0, Math.max(0, end)).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1] ?? 0);
  return { status, headers, body: text.slice(end + 4), text };
}

/** @param target of the request line, as it stands */
export function rawGetOf(target: string, headers: string[] = []): string {
  return [
    `GET ${target} HTTP/1.1`,
    'Host: localhost',
    ...headers,
    'Connection: close',
    '',
    '',
  ].join('\r\n');
}
