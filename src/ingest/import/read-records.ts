import { readLines } from '../lines.js';
import { readCombinedLog } from './combined-log.js';
import { readCsv } from './csv.js';
import type { FileOptions } from './import-options.js';
import { readNdjson } from './ndjson.js';
import type { ImportRecord } from './record.js';

/**
 * Takes a file apart, a group of records for each piece that arrives. A group is its reader's, who
 * may empty it.
 *
 * @param bytes decompressed
 * @throws ImportError when the header of CSV can't be used
 */
export function readRecords(
  bytes: AsyncIterable<Buffer>,
  { format, site }: FileOptions,
): AsyncIterable<ImportRecord[]> {
  const lines = readLines(bytes);
  if (format === 'csv') return readCsv(lines);
  return format === 'ndjson' ? readNdjson(lines) : readCombinedLog(lines, site);
}
