import { EVENT_NAMES, idText, NO_PROPERTIES, PROPERTIES, userId, type Dataset } from './dataset.js';

/** Lines of a stream are prepared in parts of so many events. */
const EVENTS_PER_PART = 2_000;

/**
 * Batches as JSON arrays, each a whole request.
 *
 * @param query of the URL, with its question mark
 */
export function batchRequests(
  dataset: Dataset,
  count: number,
  batchSize: number,
  query = '',
): Buffer[] {
  const requests: Buffer[] = [];
  for (let start = 0; start < count; start += batchSize) {
    const body = Buffer.from(`[${jsonTexts(dataset, start, batchSize).join(',')}]`);
    requests.push(Buffer.concat([head('application/json', body.length, query), body]));
  }
  return requests;
}

/** One request of newline-delimited JSON, in parts. */
export function streamRequest(dataset: Dataset, count: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let start = 0; start < count; start += EVENTS_PER_PART) {
    const lines = jsonTexts(dataset, start, Math.min(EVENTS_PER_PART, count - start));
    parts.push(Buffer.from(`${lines.join('\n')}\n`));
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return [head('application/x-ndjson', length), ...parts];
}

/**
 * Clicks, one a request, all of it in the query string.
 *
 * @param user what stands for a user, given by its index in the data set
 */
export function singleRequests(
  dataset: Dataset,
  count: number,
  user: (index: number) => string,
): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const fields = {
      timestamp: String(dataset.times[index]),
      user: user(dataset.users[index]!),
      event: 'click',
      id: idText(dataset, index),
    };
    const query = new URLSearchParams(fields).toString();
    return Buffer.from(
      `POST /analytics?${query} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n`,
    );
  });
}

function head(contentType: string, length: number, query = ''): Buffer {
  return Buffer.from(
    `POST /analytics/batch${query} HTTP/1.1\r\nHost: 127.0.0.1\r\n` +
      `Content-Type: ${contentType}\r\nContent-Length: ${length}\r\n\r\n`,
  );
}

function jsonTexts(dataset: Dataset, start: number, count: number): string[] {
  return Array.from({ length: count }, (_, offset) => jsonText(dataset, start + offset));
}

/** None of the values needs escaping. */
function jsonText(dataset: Dataset, index: number): string {
  const timestamp = new Date(dataset.times[index]!).toISOString();
  const user = userId(dataset.users[index]!);
  const event = EVENT_NAMES[dataset.names[index]!];
  const properties = dataset.properties[index]!;
  const rest = properties === NO_PROPERTIES ? '' : `,"properties":${PROPERTIES[properties]}`;
  return `{"timestamp":"${timestamp}","user":"${user}","event":"${event}","id":"${idText(dataset, index)}"${rest}}`;
}
