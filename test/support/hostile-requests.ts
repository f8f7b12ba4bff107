import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { findProjectRoot } from '../../src/project-root.js';

/** In all that is sent, and in nothing else. */
export const MARK = 'zqx7';

const USER = `${MARK}-ada@example.com`;
const QUERY = new URLSearchParams({
  user: USER,
  timestamp: MARK,
  event: MARK,
  cursor: MARK,
  date_range: MARK,
  filters: `["is","trait:email",["${USER}"]]`,
  id: MARK,
}).toString();
const HEADERS = {
  Authorization: `Bearer ${MARK}`,
  Cookie: `session=${MARK}`,
  'X-Request-Id': `${MARK}@0123456789abcdef`,
  'X-Forwarded-For': `198.51.100.1, ${MARK}`,
  'User-Agent': MARK,
  Referer: `http://example.com/${MARK}`,
};
const EVENT = { user: USER, event: 'click', id: MARK, properties: { email: USER } };
/** Some of it is what one endpoint or the other takes; to all others it's nonsense. */
const BODIES: [type: string, body: string][] = [
  ['application/json', JSON.stringify([{ ...EVENT, timestamp: 1_224_567_997 }])],
  ['application/json', JSON.stringify({ userId: USER, event: MARK, type: 'track', traits: {} })],
  ['application/json', JSON.stringify({ traits: { email: USER, [MARK]: MARK } })],
  ['application/json', `{"metrics":["${MARK}"],"date_range":"${MARK}"}`],
  ['application/json', `[{"user":"${USER}`],
  ['application/x-ndjson', `${JSON.stringify(EVENT)}\n{"user":"${USER}`],
  ['application/x-www-form-urlencoded', `user=${USER}&event=%zz${MARK}`],
  ['text/csv', `timestamp,user,event\n${MARK},${USER},"${MARK}`],
  ['text/plain', `${MARK}\0${USER}`],
  [`text/${MARK}`, USER],
];

interface Sent {
  status: number;
  id: string | null;
}

/**
 * Asks every endpoint of the document for somebody, in every way that it has and some that it hasn't.
 *
 * @param base where the server is
 */
export async function askForSomebody(base: string): Promise<Sent[]> {
  const sent: Sent[] = [];
  for (const [path, methods] of Object.entries(readPaths())) {
    const url = `${base}${path.replaceAll(/\{\w+\}/g, encodeURIComponent(USER))}`;
    for (const method of Object.keys(methods)) {
      const bodies = method === 'get' || method === 'delete' ? [undefined] : BODIES;
      for (const body of bodies) sent.push(await send(url, method, body));
    }
  }
  for (const path of [`/${MARK}`, `/analytics/users/%E0%A4%A${MARK}`, `/docs/${MARK}`]) {
    sent.push(await send(base + path, 'get', undefined));
  }
  return sent;
}

/** What isn't HTTP, or not quite. */
export async function sendRubbish(base: string): Promise<void> {
  const { hostname, port } = new URL(base);
  for (const text of [
    `${MARK}\r\n\r\n`,
    `GET /${MARK} HTTP/1.1\r\nHost: x\r\n${MARK}\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: x\r\nCookie: ${MARK.repeat(10_000)}\r\n\r\n`,
    `POST /analytics/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n[{"user":"${USER}"`,
  ]) {
    const socket = connect(Number(port), hostname).on('error', () => {});
    socket.end(text);
    await once(socket.resume(), 'close');
  }
}

function readPaths(): Record<string, object> {
  const text = readFileSync(join(findProjectRoot(), 'openapi.json'), 'utf8');
  return (JSON.parse(text) as { paths: Record<string, object> }).paths;
}

async function send(
  url: string,
  method: string,
  body: [type: string, text: string] | undefined,
): Promise<Sent> {
  const response = await fetch(`${url}?${QUERY}`, {
    method: method.toUpperCase(),
    headers: { ...HEADERS, ...(body && { 'Content-Type': body[0] }) },
    ...(body && { body: body[1] }),
  });
  // One of them has no end.
  await response.body?.cancel();
  return { status: response.status, id: response.headers.get('X-Request-Id') };
}
