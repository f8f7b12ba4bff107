import { createServer, IncomingMessage, ServerResponse, type ServerOptions } from 'node:http';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express } from 'express';

/** How the HTTP server treats connections. What isn't here is Node's default. */
const HTTP_SETTINGS = {
  /**
   * Load balancers keep idle connections for 60 s. A server that closes one earlier may do so just
   * as the balancer sends a request by it, which is then answered 502.
   */
  keepAliveTimeout: 72_000,
  /** A connection that takes longer to send a request's header only occupies the server. */
  headersTimeout: 20_000,
  /**
   * Bodies have deadlines of their own, where they are read: a stream of events may last for hours.
   * With 0 Node's default for `headersTimeout` would be none either, so it stands above.
   */
  requestTimeout: 0,
  /** How often `headersTimeout` is looked after: Node's 30 s would make 50 s of its 20. */
  connectionsCheckingInterval: 5_000,
} satisfies ServerOptions;

/**
 * Nest's adapter for Express, without Express's hidden cost. For each request Express changes the
 * prototypes of request and response, after which V8 no longer optimises what works on them: more
 * than half of the time of a small request went there. Here the HTTP server makes objects that have
 * these prototypes from the start, and changing them to what they are is nothing.
 *
 * HTTP only; of Nest's options `httpsOptions`, `forceCloseConnections` and `return503OnClosing` have
 * no effect.
 */
export class FastExpressAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    const app: Express = this.getInstance();
    // Classes of each application's own, for the prototypes lead back to it.
    class FastRequest extends IncomingMessage {}
    class FastResponse extends ServerResponse {}
    app.request = becomeLike(FastRequest.prototype, app.request);
    app.response = becomeLike(FastResponse.prototype, app.response);
    const classes = { IncomingMessage: FastRequest, ServerResponse: FastResponse };
    this.httpServer = createServer({ ...HTTP_SETTINGS, ...classes }, app);
  }
}

/**
 * Gives a class's prototype all that Express's has. The other way round, a function that calls
 * Reflect.construct and has Express's own prototype, is slower than what this is to replace.
 */
function becomeLike<Prototype extends object>(own: object, express: Prototype): Prototype {
  Object.setPrototypeOf(own, Object.getPrototypeOf(express) as object);
  return Object.defineProperties(own, Object.getOwnPropertyDescriptors(express)) as Prototype;
}
