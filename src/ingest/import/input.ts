import { open } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ImportError } from './import-error.js';

/** The bytes of a file, decompressed where it's compressed. */
export interface ImportInput {
  bytes: AsyncIterable<Buffer>;
  /** Of the file as it lies there; undefined for standard input and pipes. */
  size: number | undefined;
  /** How much of that was taken. */
  taken(): number;
  close(): void;
}

const GZIP_MAGIC = [0x1f, 0x8b];
const CHUNK_BYTES = 256 * 1024;

/**
 * @param file a path, or `-` for standard input
 * @param signal ends the reading, even where nothing comes
 * @throws ImportError when it can't be read
 */
export async function openInput(
  file: string,
  stdin: Readable,
  signal: AbortSignal,
): Promise<ImportInput> {
  const { size, source } = file === '-' ? { size: undefined, source: stdin } : await openFile(file);
  addAbortSignal(signal, source);
  const close = (): void => void source.destroy();
  let taken = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      taken += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  };
  return { bytes: decompressed(counted(), file), size, taken: () => taken, close };
}

/** Opened once only: what writes to a named pipe would take the second opening for another reader. */
async function openFile(file: string): Promise<{ size: number | undefined; source: Readable }> {
  try {
    const handle = await open(file, 'r');
    const stats = await handle.stat();
    if (!stats.isDirectory()) {
      const source = handle.createReadStream({ highWaterMark: CHUNK_BYTES });
      return { size: stats.isFile() ? stats.size : undefined, source };
    }
    await handle.close();
  } catch (error) {
    throw new ImportError(`${file} can't be read: ${messageOf(error)}`, 2);
  }
  throw new ImportError(`${file} is a folder: name a file.`, 2);
}

/** By its first two bytes, whatever its name is. */
async function* decompressed(source: AsyncGenerator<Buffer>, file: string): AsyncGenerator<Buffer> {
  let first = Buffer.alloc(0);
  while (first.length < GZIP_MAGIC.length) {
    const { value, done } = await source.next();
    if (done) break;
    first = Buffer.concat([first, value]);
  }
  const whole = async function* (): AsyncGenerator<Buffer> {
    yield first;
    yield* source;
  };
  try {
    if (GZIP_MAGIC.every((byte, index) => first[index] === byte)) yield* gunzipped(whole());
    else yield* whole();
  } catch (error) {
    throw new ImportError(`${file} can't be read to its end: ${messageOf(error)}`);
  }
}

async function* gunzipped(source: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const feeding = pipeline(source, gunzip);
  // A failure is reported where the stream is read.
  feeding.catch(() => {});
  // What stands behind the last member, such as the padding of a tape, is left unread.
  for await (const chunk of gunzip) yield chunk as Buffer;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
