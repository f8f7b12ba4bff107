import { createReadStream, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';
import { addAbortSignal, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { ImportError } from './import-error.js';

/** The bytes of a file, decompressed where it's compressed. */
export interface ImportInput {
  bytes: AsyncIterable<Buffer>;
  /** Of the file as it lies there; undefined for standard input. */
  size: number | undefined;
  /** How much of that was taken. */
  taken(): number;
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
  const size = file === '-' ? undefined : (await inspect(file)).size;
  const source = file === '-' ? stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES });
  addAbortSignal(signal, source);
  let taken = 0;
  const counted = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      taken += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  };
  return { bytes: decompressed(counted(), file), size, taken: () => taken };
}

async function inspect(file: string): Promise<Stats> {
  try {
    const handle = await open(file, 'r');
    const stats = await handle.stat();
    await handle.close();
    if (!stats.isDirectory()) return stats;
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
  // It's reported where the stream is read; here it would be reported a second time.
  feeding.catch(() => {});
  for await (const chunk of gunzip) yield chunk as Buffer;
  await feeding;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
