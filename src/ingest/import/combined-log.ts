import { isBotAgent } from '../bot-agents.js';
import type { Line, LineProblem } from '../lines.js';
import { lineId, type ImportRecord } from './record.js';

/** Files that pages are made of: fetching one is no visit. */
const ASSETS = 'css js map png jpg jpeg gif svg ico webp woff woff2 ttf eot mp4 webm'.split(' ');
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/**
 * Client, time, request, status, referrer and user agent of the combined format (Apache's
 * mod_log_config). Quotation marks within a field stand behind a backslash.
 */
const COMBINED = new RegExp(
  [
    String.raw`^(?<client>\S+) \S+ \S+`,
    String.raw` \[(?<day>\d\d)/(?<month>[A-Z][a-z]{2})/(?<year>\d{4}):(?<clock>\d\d:\d\d:\d\d) (?<offset>[+-]\d{4})\]`,
    String.raw` "(?<request>(?:[^"\\]|\\.)*)" (?<status>\d{3}) (?:\d+|-)`,
    String.raw` "(?<referrer>(?:[^"\\]|\\.)*)" "(?<userAgent>(?:[^"\\]|\\.)*)"\s*$`,
  ].join(''),
);
const REQUEST = /^(?<method>[A-Z]+) (?<target>\S+) HTTP\/\d/;

const NOT_COMBINED: LineProblem = {
  code: 'unreadable_line',
  message: 'the line is not in the combined log format',
};

/** One line of an access log. */
interface LogLine {
  client: string;
  /** ISO 8601 with an offset. */
  time: string;
  method: string;
  path: string;
  query: string;
  status: number;
  referrer: string;
  userAgent: string;
}

/**
 * Reads a web server's access log. What was delivered and isn't an asset is an impression by the
 * client's address; one that was reached from the site itself is a click, too.
 *
 * @param site its host name, with or without `www.`
 */
export async function* readCombinedLog(
  lines: AsyncIterable<Line[]>,
  site: string,
): AsyncGenerator<ImportRecord[]> {
  for await (const group of lines) {
    const given = group.filter(({ text }) => text !== '');
    // The next group may be long in coming, and this one would be kept until then.
    group.length = 0;
    yield given.map((line) => readLine(line, site));
    given.length = 0;
  }
}

function readLine({ number, text, problem }: Line, site: string): ImportRecord {
  const log = problem ? undefined : parseLogLine(text);
  if (!log) return { line: number, text, events: [], problem: problem ?? NOT_COMBINED };
  const event = (name: string): ImportRecord['events'][number] => ({
    timestamp: log.time,
    user: log.client,
    event: name,
    id: lineId(number, text, name),
    properties: propertiesOf(log),
    ...(isBotAgent(agentOf(log)) && { bot: true }),
  });
  if (!isImpression(log)) return { line: number, text, events: [] };
  const events = [event('impression')];
  if (isOnSite(log.referrer, site)) events.push(event('click'));
  return { line: number, text, events };
}

/** @returns undefined for a line that isn't in the format */
export function parseLogLine(text: string): LogLine | undefined {
  const fields = COMBINED.exec(text)?.groups;
  if (!fields) return undefined;
  const month = MONTHS.indexOf(fields.month!) + 1;
  if (month === 0) return undefined;
  const date = `${fields.year}-${String(month).padStart(2, '0')}-${fields.day}`;
  // Scanners send all sorts of things in place of a request; the line is readable all the same.
  const request = REQUEST.exec(fields.request!)?.groups;
  const [path = '', query = ''] = splitTarget(request?.target ?? '');
  return {
    client: fields.client!,
    time: `${date}T${fields.clock}${fields.offset}`,
    method: request?.method ?? '',
    path,
    query,
    status: Number(fields.status),
    referrer: unescape(fields.referrer!),
    userAgent: unescape(fields.userAgent!),
  };
}

/** A proxy's request names the whole URL. */
function splitTarget(target: string): string[] {
  const local = target.replace(/^https?:\/\/[^/?#]*/i, '');
  const [path, ...query] = local.split('?');
  return [path === '' && target !== '' ? '/' : path!, query.join('?')];
}

function isImpression({ method, status, path }: LogLine): boolean {
  const delivered = (status >= 200 && status <= 299) || status === 304;
  return method === 'GET' && delivered && !ASSETS.includes(extensionOf(path));
}

function extensionOf(path: string): string {
  const file = path.slice(path.lastIndexOf('/') + 1);
  return file.includes('.') ? file.slice(file.lastIndexOf('.') + 1).toLowerCase() : '';
}

function isOnSite(referrer: string, site: string): boolean {
  if (!URL.canParse(referrer)) return false;
  return withoutWww(new URL(referrer).hostname) === withoutWww(site);
}

function withoutWww(host: string): string {
  return host.toLowerCase().replace(/^www\./, '');
}

function agentOf({ userAgent }: LogLine): string | undefined {
  return userAgent === '-' ? undefined : userAgent;
}

/** `-` stands for nothing. */
function propertiesOf({ path, query, status, referrer, userAgent }: LogLine): object {
  const given = Object.entries({ query, referrer, userAgent }).filter(
    ([, value]) => value !== '' && value !== '-',
  );
  return { path, status, ...Object.fromEntries(given) };
}

function unescape(text: string): string {
  return text.replaceAll(/\\(["\\])/g, '$1');
}
