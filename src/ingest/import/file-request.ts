import type { IncomingMessage } from 'node:http';
import { UnreadableRequestError } from '../../common/errors.js';
import type { FileFormat } from '../../common/file-format.js';
import { requireKnownParameters } from '../../common/known-parameters.js';
import { isUtf8 } from '../batch/read-batch.js';
import { awaitedChunks } from '../body/awaited-chunks.js';
import { fileChunks } from '../body/body-chunks.js';
import { Refusal } from '../refusal.js';
import { readFileOptions, type FileOptions, type Wording } from './import-options.js';

/** Files that requests bring, by their content type; of some it doesn't say what they are. */
const TYPES = new Map<string, FileFormat | undefined>([
  ['text/csv', 'csv'],
  ['application/x-ndjson', 'ndjson'],
  ['application/ndjson', 'ndjson'],
  ['application/jsonl', 'ndjson'],
  ['application/octet-stream', undefined],
  ['application/gzip', undefined],
]);

const PARAMETERS = ['format', 'site', 'source'];
const QUERY: Wording = {
  name: (option, value) => (value === undefined ? option : `${option}=${value}`),
  wrong: (message) => new UnreadableRequestError('invalid_parameter', message, 400),
};

/** A file as a request brings it. */
export interface RequestedFile {
  /** Decompressed, for as long as the client waits. */
  chunks: AsyncGenerator<Buffer>;
  options: FileOptions;
}

/**
 * Reads what a request says about the file that is its body. A page of another site can have a
 * browser send no content type that is accepted: the browser would ask first, and is told no.
 *
 * @param query as it was given
 * @throws UnreadableRequestError
 */
export function readFileRequest(
  request: IncomingMessage,
  query: Partial<Record<keyof FileOptions, unknown>>,
): RequestedFile {
  requireKnownParameters(request, PARAMETERS);
  const contentType = request.headers['content-type'] ?? '';
  const type = contentType.split(';')[0]!.trim().toLowerCase();
  if (!TYPES.has(type)) throw unsupported('unsupported_content_type');
  if (!isUtf8(contentType)) throw unsupported('unsupported_charset');
  const format = formatOf(type, query.format);
  const options = readFileOptions({ ...query, format }, QUERY);
  const chunks = fileChunks(request);
  if (chunks instanceof Refusal) throw unsupported(chunks.code);
  return { chunks: awaitedChunks(chunks, request), options };
}

function formatOf(type: string, given: unknown): unknown {
  const said = TYPES.get(type);
  if (given !== undefined && said !== undefined && given !== said) {
    throw QUERY.wrong(`format must be ${said} or left out where Content-Type is ${type}`);
  }
  return given ?? said;
}

function unsupported(code: string): UnreadableRequestError {
  const accepted =
    `Content-Type must be one of ${[...TYPES.keys()].join(', ')}, in UTF-8, ` +
    'plain or with Content-Encoding gzip, deflate or br; the file itself may be a gzip file';
  return new UnreadableRequestError(code, accepted, 415);
}
