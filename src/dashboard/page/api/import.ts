import type { FileFormat } from '../../../common/file-format.js';
import { ApiError } from './client.js';
import { keyHeaders } from './key.js';
import type { ImportAnswer } from './types.js';

export interface ImportOptions {
  format: FileFormat;
  /** Of an access log. */
  site: string;
  /** Of events that name none; empty for `default`. */
  source: string;
}

/**
 * Sends a file. The server takes it no faster than it stores it: how much is sent is about how much is
 * stored. `fetch` doesn't tell that.
 *
 * @param onProgress is told the share of the file, from 0 to 1
 * @returns the answer to come, and what breaks it off
 */
export function importFile(
  file: File,
  { format, site, source }: ImportOptions,
  onProgress: (share: number) => void,
): { done: Promise<ImportAnswer>; abort: () => void } {
  const search = new URLSearchParams({ format });
  if (format === 'combined') search.set('site', site);
  if (source !== '') search.set('source', source);
  const request = new XMLHttpRequest();
  request.open('POST', `analytics/import?${search}`);
  request.setRequestHeader('Content-Type', 'application/octet-stream');
  for (const [name, value] of Object.entries(keyHeaders())) request.setRequestHeader(name, value);
  request.upload.addEventListener('progress', ({ loaded, total }) => onProgress(loaded / total));
  const done = new Promise<ImportAnswer>((resolve, reject) => {
    const fail = (code: string, message: string): void =>
      reject(new ApiError(request.status, code, message));
    request.addEventListener('load', () => {
      const answer = parse(request.responseText);
      const isDone = request.status === 200 || request.status === 202;
      if (isDone) resolve(answer as ImportAnswer);
      else fail(answer.code ?? 'error', answer.message ?? `The server answered ${request.status}.`);
    });
    request.addEventListener('error', () => {
      fail('unreachable', 'The connection was lost. What was sent before is stored.');
    });
    request.addEventListener('abort', () => {
      fail('aborted', 'The import was stopped. What was sent before is stored.');
    });
  });
  request.send(file);
  return { done, abort: () => request.abort() };
}

function parse(text: string): Partial<ImportAnswer> & { code?: string; message?: string } {
  try {
    return JSON.parse(text) as Partial<ImportAnswer>;
  } catch {
    return {};
  }
}
