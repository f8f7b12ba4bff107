import { once } from 'node:events';
import {
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

type Fault = 'refuse' | 'cut' | 'silence' | { status: number; body: string };

/** What stands between a client and the server: it passes requests on, unless it's told to do harm. */
export class FaultyProxy {
  /** Requests that weren't passed on, or whose answers were lost. */
  harmed = 0;
  /** Requests whose answers the client got; what browsers ask before doesn't count. */
  answered = 0;
  private readonly faults: Fault[] = [];

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
  ) {
    server.on('request', (incoming: IncomingMessage, response: ServerResponse) => {
      // A client that was cut off may be gone.
      this.handle(incoming, response).catch(() => response.destroy());
    });
  }

  /** @param target such as `http://127.0.0.1:8080` */
  static async start(target: string): Promise<FaultyProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultyProxy(server, new URL(target));
  }

  /** Without a scheme. */
  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The next requests are answered with 503, and the server sees none of them. */
  refuse(count: number): void {
    this.faults.push(...Array<Fault>(count).fill('refuse'));
  }

  /** The server answers the next requests, after its commit, and the client hears nothing of it. */
  cut(count: number): void {
    this.faults.push(...Array<Fault>(count).fill('cut'));
  }

  /** The next requests are answered so, and the server sees none of them. */
  falsify(...answers: [status: number, body: string][]): void {
    this.faults.push(...answers.map(([status, body]) => ({ status, body })));
  }

  /** The next requests are never answered, and the server sees none of them. */
  silence(count: number): void {
    this.faults.push(...Array<Fault>(count).fill('silence'));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    // What browsers ask before isn't what is tried here.
    const fault = incoming.method === 'OPTIONS' ? undefined : this.faults.shift();
    if (fault) this.harmed += 1;
    if (fault === 'refuse') {
      response.writeHead(503, { 'Retry-After': '1', 'Access-Control-Allow-Origin': '*' }).end('{}');
      return;
    }
    if (fault === 'silence') return;
    if (typeof fault === 'object') {
      response.writeHead(fault.status, { 'Access-Control-Allow-Origin': '*' }).end(fault.body);
      return;
    }
    const answer = await this.pass(incoming, body);
    if (fault === 'cut') {
      response.destroy();
      return;
    }
    response.writeHead(answer.status, answer.headers).end(answer.body);
    if (incoming.method !== 'OPTIONS') this.answered += 1;
  }

  private async pass(incoming: IncomingMessage, body: Buffer) {
    const { method, url, headers } = incoming;
    const passed = request(new URL(url!, this.target), { method, headers });
    passed.end(body);
    const [answer] = (await once(passed, 'response')) as [IncomingMessage];
    return { status: answer.statusCode!, headers: answer.headers, body: await buffer(answer) };
  }
}
