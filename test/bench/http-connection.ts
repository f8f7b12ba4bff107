import { connect, type Socket } from 'node:net';
import { AnswerReader, type Answer } from './answer-reader.js';

/** A server that says nothing for so long has lost the request. */
const SILENCE_MS = 60_000;

const READ_BYTES = 64 * 1024;

type Settle = { onAnswer: (answer: Answer) => void; onError: (error: Error) => void };

/**
 * A connection that is kept open, with one request under way at a time. Requests are written as
 * they were prepared, so that sending one costs no more than a system call.
 */
export class HttpConnection {
  private readonly reader = new AnswerReader();
  private waiting: Settle | undefined;

  private readonly socket: Socket;

  private constructor(port: number, silenceMs: number) {
    // Reading into one buffer of our own spares the streams' work for each answer.
    const onread = {
      buffer: Buffer.allocUnsafe(READ_BYTES),
      callback: (length: number, buffer: Uint8Array): boolean => {
        this.receive((buffer as Buffer).subarray(0, length));
        return true;
      },
    };
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread });
    this.socket = socket;
    socket.setTimeout(silenceMs, () => this.fail(new Error('The server does not answer')));
    socket.on('error', (error) => this.fail(error));
    socket.on('close', () => this.fail(new Error('The server closed the connection')));
  }

  /** @param silenceMs after which a request counts as lost */
  static open(port: number, silenceMs = SILENCE_MS): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const connection = new HttpConnection(port, silenceMs);
      connection.socket.once('error', reject);
      connection.socket.once('connect', () => resolve(connection));
    });
  }

  /** @param request head and body */
  send(request: Buffer, settle: Settle): void {
    this.waiting = settle;
    this.socket.write(request);
  }

  /** Sends a request and waits for the answer. */
  ask(request: Buffer): Promise<Answer> {
    return new Promise((onAnswer, onError) => this.send(request, { onAnswer, onError }));
  }

  /**
   * Sends a request in parts, no faster than the server takes them, and stops when it answers
   * before the end.
   */
  async sendParts(parts: readonly Buffer[]): Promise<Answer> {
    let answered = false;
    const answer = new Promise<Answer>((onAnswer, onError) => {
      this.waiting = { onAnswer, onError };
    }).finally(() => (answered = true));
    for (const part of parts) {
      if (answered) break;
      if (!this.socket.write(part)) await Promise.race([this.drained(), answer]);
    }
    return answer;
  }

  close(): void {
    this.waiting = undefined;
    this.socket.destroy();
  }

  private drained(): Promise<void> {
    return new Promise((resolve) => this.socket.once('drain', resolve));
  }

  private receive(bytes: Buffer): void {
    const answer = this.reader.push(bytes);
    if (!answer) return;
    const waiting = this.waiting;
    this.waiting = undefined;
    waiting?.onAnswer(answer);
  }

  private fail(error: Error): void {
    const waiting = this.waiting;
    this.waiting = undefined;
    this.socket.destroy();
    waiting?.onError(error);
  }
}

/** Opens connections, hands them over, and closes them whatever happens. */
export async function withConnections<Result>(
  port: number,
  count: number,
  use: (connections: HttpConnection[]) => Promise<Result>,
  silenceMs = SILENCE_MS,
): Promise<Result> {
  const connections: HttpConnection[] = [];
  try {
    for (let index = 0; index < count; index += 1)
      connections.push(await HttpConnection.open(port, silenceMs));
    return await use(connections);
  } finally {
    for (const connection of connections) connection.close();
  }
}
