import { request, type Agent, type IncomingHttpHeaders } from 'node:http';
import type { FuzzRequest } from './requests.js';

/** An answer, as far as it was read. */
export interface FuzzAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Streams have no end: of them the beginning is read. */
const isEndless = ({ 'content-type': type = '' }: IncomingHttpHeaders): boolean =>
  type.startsWith('text/event-stream');

/** Sends bytes as they are, which `fetch` wouldn't. */
export function send(base: string, sent: FuzzRequest, agent: Agent): Promise<FuzzAnswer> {
  const { hostname, port } = new URL(base);
  const { method, path, body } = sent;
  const headers = { ...sent.headers, ...(body && { 'Content-Length': String(body.length) }) };
  return new Promise((resolve, reject) => {
    const outgoing = request({ hostname, port, method, path, headers, agent }, (response) => {
      const parts: Buffer[] = [];
      const answer = (): FuzzAnswer => ({
        status: response.statusCode!,
        headers: response.headers,
        body: Buffer.concat(parts),
      });
      response.on('data', (part: Buffer) => {
        parts.push(part);
        if (!isEndless(response.headers)) return;
        resolve(answer());
        outgoing.destroy();
      });
      response.on('end', () => resolve(answer()));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
