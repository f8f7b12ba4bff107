import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { OverloadedError } from '../../common/errors.js';
import { Refusal } from '../refusal.js';
import { Places } from './places.js';

/** Why a body ends before its end. Its message is for the client. */
export class CutOffError extends Error {
  override name = 'CutOffError';
}

const CHUNK_BYTES = 64 * 1024;
const gunzip = (): Transform => createGunzip({ chunkSize: CHUNK_BYTES });
const DECODERS = new Map<string, () => Transform>([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', () => createInflate({ chunkSize: CHUNK_BYTES })],
]);
const GZIP_MAGIC = Buffer.from([0x1f, 0x8b]);
/** At once: each may take 16 MB, where the others take 32 KB. */
const MAX_BROTLI_DECODERS = 8;
/** For one of them, while others don't give theirs up. */
const BROTLI_PATIENCE_MS = 10_000;
/** A client that sends nothing for so long gives its decoder up when others wait for one. */
const BROTLI_SILENT_MS = 3_000;
const CHECK_MS = 1_000;
const CUT_OFF = 'the connection ended in the middle of the body';
const DAMAGED = 'the body is damaged, or not compressed as its header says';
/** Some smaller pieces in a row are let run together: taken one by one they hold up all others. */
const LITTLE_BYTES = 1024;
const MAX_LITTLE_RUN = 16;
/** A client that sends nothing for so long has gone, or means no good. */
const SILENT_MS = 60_000;
/** What is left of a body that is refused is taken for so long, so that the answer gets through. */
const DISCARD_MS = 30_000;
/** Most clients have sent all after so long, and then read the answer. */
const LISTENING_MS = 5_000;

/**
 * Requests whose body is being read here, and what to call when the client closes its side in the
 * middle of it: who reads answers, rather than the server with an error of its own.
 */
const cutOff = new WeakMap<object, () => void>();
const brotliDecoders = new Places(MAX_BROTLI_DECODERS);

/**
 * Tells the reader of a body on this connection that no more will come.
 *
 * @returns false where nobody reads one
 */
export function endBodyEarly(socket: object): boolean {
  const end = cutOff.get(socket);
  end?.();
  return end !== undefined;
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * The body's bytes, decompressed, as they come; the client waits while nobody asks for more. To end
 * early doesn't end the request, which can still be answered: see `discard`.
 *
 * @param deadlineMs for all of the body, in milliseconds
 * @returns a refusal for an encoding that isn't known
 * @throws CutOffError or OverloadedError in the iteration
 */
export function bodyChunks(
  request: IncomingMessage,
  deadlineMs = Number.POSITIVE_INFINITY,
): AsyncGenerator<Buffer> | Refusal {
  const encoding = encodingOf(request);
  if (encoding === 'identity') return readChunks(request, request, { deadlineMs });
  if (encoding === 'br') return readBrotli(request, deadlineMs);
  const decoder = DECODERS.get(encoding)?.();
  return decoder
    ? readChunks(request, decodedBy(decoder, request), { deadlineMs })
    : new Refusal('unsupported_encoding');
}

/** The same for a body that is a file: where it comes as it lies there, gzip is seen by its first bytes. */
export function fileChunks(request: IncomingMessage): AsyncGenerator<Buffer> | Refusal {
  return encodingOf(request) === 'identity' ? readFile(request) : bodyChunks(request);
}

function encodingOf({ headers }: IncomingMessage): string {
  return (headers['content-encoding'] ?? 'identity').trim().toLowerCase();
}

/**
 * Takes the rest of a body that nobody reads, for a while, and then ends the connection.
 *
 * @returns what resolves at its end, or after 5 seconds: a client that hasn't sent all of its request
 *   may not read an answer, and one that asked for it finds the connection closed. One that closed
 *   its side reads already
 */
export async function discard(request: IncomingMessage): Promise<void> {
  if (request.complete) return;
  request.unpipe();
  request.resume();
  // A timer would keep all that belongs to the request in memory: both are cleared.
  const giveUp = setTimeout(() => request.destroy(), DISCARD_MS).unref();
  await new Promise<void>((resolve) => {
    const answer = setTimeout(resolve, LISTENING_MS).unref();
    const end = (): void => {
      clearTimeout(giveUp);
      clearTimeout(answer);
      resolve();
    };
    request.once('close', end).once('end', end);
    if (request.socket.readableEnded) resolve();
  });
}

async function* readBrotli(request: IncomingMessage, deadlineMs: number): AsyncGenerator<Buffer> {
  if (!(await brotliDecoders.take(BROTLI_PATIENCE_MS))) throw new OverloadedError();
  const ending = new AbortController();
  let silentSince = performance.now();
  const watch = setInterval(() => {
    const isSilent = performance.now() - silentSince >= BROTLI_SILENT_MS;
    if (isSilent && brotliDecoders.isAwaited)
      ending.abort('it came too slowly while others waited');
  }, CHECK_MS).unref();
  try {
    const decoder = createBrotliDecompress({ chunkSize: CHUNK_BYTES });
    const { signal } = ending;
    const source = decodedBy(decoder, request);
    for await (const chunk of readChunks(request, source, { deadlineMs, signal })) {
      // Until the next is asked for it's not the client who is slow.
      silentSince = Number.POSITIVE_INFINITY;
      yield chunk;
      silentSince = performance.now();
    }
  } finally {
    clearInterval(watch);
    brotliDecoders.give();
  }
}

async function* readFile(request: IncomingMessage): AsyncGenerator<Buffer> {
  const options = { deadlineMs: Number.POSITIVE_INFINITY, state: newState() };
  const read = (): Buffer | null => request.read(GZIP_MAGIC.length) as Buffer | null;
  const beginning = await firstOf(readChunks(request, request, { ...options, read }));
  if (beginning?.equals(GZIP_MAGIC)) {
    const decoder = gunzip();
    decoder.write(beginning);
    yield* readChunks(request, decodedBy(decoder, request), options);
  } else if (beginning) {
    yield beginning;
    yield* readChunks(request, request, options);
  }
}

async function firstOf(chunks: AsyncGenerator<Buffer>): Promise<Buffer | undefined> {
  for await (const chunk of chunks) return chunk;
  return undefined;
}

/** How far a body has come. Who reads its beginning by itself hands this on. */
interface ReadState {
  ended: boolean;
  isCutOff: boolean;
  failure: CutOffError | undefined;
  wake: () => void;
}

function newState(): ReadState {
  return { ended: false, isCutOff: false, failure: undefined, wake: () => {} };
}

interface ReadOptions {
  deadlineMs: number;
  signal?: AbortSignal;
  state?: ReadState;
  /** Instead of all that is there. */
  read?: () => Buffer | null;
}

async function* readChunks(
  request: IncomingMessage,
  source: Readable,
  { deadlineMs, signal, state = newState(), read = () => source.read() }: ReadOptions,
): AsyncGenerator<Buffer> {
  const giveUpAt = performance.now() + deadlineMs;
  let isOver = false;
  const fail = (message: string): void => {
    if (isOver) return;
    state.failure ??= new CutOffError(message);
    state.wake();
  };
  const listeners = {
    readable: () => state.wake(),
    end: () => {
      if (state.isCutOff) fail(CUT_OFF);
      state.ended = true;
      state.wake();
    },
    error: () => fail(state.isCutOff ? CUT_OFF : DAMAGED),
  };
  const onAborted = (): void => {
    state.isCutOff = true;
    if (source === request) fail(CUT_OFF);
    else endInput(request, source as Transform);
  };
  const { socket } = request;
  for (const [event, listener] of Object.entries(listeners)) source.on(event, listener);
  request.on('aborted', onAborted);
  signal?.addEventListener('abort', () => fail(String(signal.reason)));
  cutOff.set(socket, onAborted);
  let littleRun = 0;
  state.ended = source.readableEnded;
  if (state.isCutOff || (request.destroyed && !request.complete)) {
    // What came before is still to be read.
    state.failure = undefined;
    onAborted();
  }
  try {
    for (;;) {
      if (littleRun >= MAX_LITTLE_RUN) await nextTurn();
      const chunk = read();
      if (chunk !== null) {
        littleRun = chunk.length < LITTLE_BYTES ? littleRun + 1 : 0;
        yield chunk;
      } else if (state.failure) throw state.failure;
      else if (state.ended) return;
      else await nextChange(state, Math.min(SILENT_MS, giveUpAt - performance.now()), fail);
    }
  } finally {
    isOver = true;
    cutOff.delete(socket);
    request.off('aborted', onAborted);
    source.off('readable', listeners.readable).off('end', listeners.end);
    // Its listener for errors stays: one that comes later must not end the process.
    if (source !== request) {
      request.unpipe();
      source.destroy();
    }
  }
}

function decodedBy(decoder: Transform, request: IncomingMessage): Transform {
  if (request.readableEnded) endDecoder(decoder);
  else request.once('end', () => endDecoder(decoder));
  return request.pipe(decoder, { end: false });
}

/** What came is decoded, up to where it ends. */
function endInput(request: IncomingMessage, decoder: Transform): void {
  request.unpipe();
  const rest = request.read() as Buffer | null;
  if (rest !== null) decoder.write(rest);
  endDecoder(decoder);
}

/** Node gives nothing of a piece that is being decoded when it learns that it's the last, and none of all. */
function endDecoder(decoder: Transform): void {
  decoder.write(Buffer.alloc(0), () => decoder.end());
}

async function nextChange(
  state: ReadState,
  ms: number,
  fail: (message: string) => void,
): Promise<void> {
  const timer = setTimeout(() => fail('the body comes too slowly'), Math.max(0, ms));
  await new Promise<void>((resolve) => {
    state.wake = resolve;
  });
  state.wake = () => {};
  clearTimeout(timer);
}
