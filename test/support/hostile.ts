import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, constants, createGzip, gzipSync } from 'node:zlib';

const MB = 1024 * 1024;
/** Made once, and repeated: it takes time. */
const BOMB_PART_BYTES = 4 * MB;
const CONNECTS_AT_ONCE = 100;

/** A connection, and all that was answered by it. */
export class RawClient {
  answer = '';
  isEnded = false;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.answer += text;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isEnded = true;
    });
  }

  static async connect(url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url);
    const socket = connect({ port: Number(port), host: hostname });
    const client = new RawClient(socket);
    await once(socket, 'connect');
    return client;
  }

  /** Sends a byte a second of it until the other side ends. */
  async drip(text: string): Promise<void> {
    for (const byte of text) {
      if (this.isEnded) return;
      this.socket.write(byte);
      await sleep(1_000);
    }
  }

  end(): void {
    this.socket.destroy();
  }
}

/** Connections by which nothing is ever sent. Node itself allows as many files as its user may open. */
export async function connectIdle(url: string, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  while (clients.length < count) {
    const wave = Array.from({ length: CONNECTS_AT_ONCE }, () => RawClient.connect(url));
    clients.push(...(await Promise.all(wave)));
  }
  return clients;
}

/** Many bytes that take a thousandth as gzip: members one after the other are one file. */
export function gzipBomb(megabytes: number, character: string): Buffer {
  const part = gzipSync(Buffer.alloc(BOMB_PART_BYTES, character), { level: 9 });
  return Buffer.concat(Array.from({ length: (megabytes * MB) / BOMB_PART_BYTES }, () => part));
}

/** All of a text, and no end. */
export async function unfinishedGzip(text: string): Promise<Buffer> {
  const gzip = createGzip();
  gzip.write(text);
  await new Promise<void>((resolve) => gzip.flush(resolve));
  return gzip.read() as Buffer;
}

/** Many bytes that take next to nothing as brotli, and all the memory that a decoder may need. */
export function brotliBomb(megabytes: number): Buffer {
  return brotliCompressSync(Buffer.alloc(megabytes * MB, ' '), {
    params: {
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_QUALITY]: 5,
    },
  });
}

/** A batch of as many events and bytes as one may have. */
export function largestBatch(): Buffer {
  const properties = { text: 'x'.repeat(900) };
  const events = Array.from({ length: 10_000 }, (_, index) => ({
    timestamp: 1_224_567_000 + (index % 3_600),
    user: `user-${index % 1_000}`,
    event: 'click',
    properties,
  }));
  return Buffer.from(JSON.stringify(events));
}

/** @returns the answer's status, or why there was none */
export function postBytes(
  url: string,
  body: Buffer,
  headers: Record<string, string>,
): Promise<number | string> {
  return new Promise((resolve) => {
    const options = { method: 'POST', agent: false as const, headers };
    const sent = request(`${url}/analytics/batch?receipts=rejected`, options, (response) => {
      response.resume().on('close', () => resolve(response.statusCode!));
    });
    sent.on('error', (error: Error & { code?: string }) => resolve(error.code ?? error.message));
    sent.end(body);
  });
}
