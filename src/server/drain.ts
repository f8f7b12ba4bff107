import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';

/** How long a stop waits for requests that are under way. */
const DRAIN_MS = 10_000;
/** A connection that is idle now may carry a request that is just on its way. */
const LINGER_MS = 500;
const IDLE_POLL_MS = 20;

/**
 * Takes no new connections, answers what comes by those that there are, and ends them. Before the
 * application's own end, so that what a last request leaves in memory is still written.
 */
export async function drain(server: Server): Promise<void> {
  // A client that keeps its connection would otherwise go on sending requests by it.
  server.prependListener('request', (_request, response: ServerResponse) => {
    response.setHeader('Connection', 'close');
  });
  const ended = new Promise((resolve) => {
    // That of http.Server ends idle connections at once, with what is on its way by them.
    NetServer.prototype.close.call(server, resolve);
  });
  const lingering = performance.now() + LINGER_MS;
  const idle = setInterval(() => {
    if (performance.now() > lingering) server.closeIdleConnections();
  }, IDLE_POLL_MS);
  const impatience = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await ended;
  clearInterval(idle);
  clearTimeout(impatience);
}
