import { now } from './clock.js';
import { on, warn } from './guard.js';
import { api, script } from './settings.js';
import { CALLS, callsOf, storage } from './visitor.js';

interface Call {
  messageId: string;
  writeKey: string | undefined;
  [field: string]: unknown;
}

/** What the server says. */
interface Answer {
  success?: boolean;
  rejected?: { message: string }[];
  message?: string;
}

/** JSON texts of calls that no answer has confirmed, by their message ids. */
const waiting = new Map<string, string>();
/** Those under way, and what the browser has been given to send after the page. */
const taken = new Set<string>();
let underWay: string[] = [];
let pause = 0;
let timer: number | undefined;
/** The page's makers learn one reason; the log of rejections has all. */
let told = false;

/** Takes what earlier pages left, and sends from now on. */
export const openQueue = (): void => {
  for (const key of callsOf(storage)) {
    const text = storage[key]!;
    try {
      // Those of another key are for its own pages to send.
      const { writeKey } = JSON.parse(text) as Call;
      if (writeKey === script.dataset['key'] && fits(text)) {
        waiting.set(key.slice(CALLS.length), text);
      }
    } catch {
      // What else writes to this storage may have written anything.
      delete storage[key];
    }
  }
  on('online', flush);
  on('pagehide', handOver);
  on(
    'visibilitychange',
    () => {
      if (document.hidden) handOver();
      else void flush();
    },
    true,
  );
  schedule();
};

/** Keeps a call until the server has answered for it. */
export const send = (call: Call): void => {
  const MAX_WAITING = 5_000;
  const MAX_STORED = 1_000;
  const { messageId } = call;
  const text = JSON.stringify(call);
  if (!fits(text) || waiting.size >= MAX_WAITING) {
    warn('too much');
    return;
  }
  waiting.set(messageId, text);
  try {
    if (waiting.size <= MAX_STORED) storage[CALLS + messageId] = text;
  } catch {
    // It's full: memory will do.
  }
  schedule();
};

const schedule = (): void => {
  // So long a call waits for others.
  const GATHER_MS = 500;
  timer ||= setTimeout(flush, pause || GATHER_MS);
};

/** Sends at once, unless something is under way: then what is left follows it. */
const flush = async (): Promise<void> => {
  const FIRST_PAUSE_MS = 2_000;
  const LONGEST_PAUSE_MS = 300_000;
  // With 429 and above the server says that it may take them later.
  const LAST_FINAL = 428;
  clearTimeout(timer);
  timer = 0;
  if (underWay[0]) return;
  // No answer to what was handed over has been heard.
  taken.clear();
  underWay = take();
  if (!underWay[0]) return;
  try {
    const response = await request(underWay);
    const answer = (await response.json()) as Answer;
    // Whoever answers otherwise isn't the server, but a hotel that wants its guests to sign in.
    if (!('success' in answer) || response.status > LAST_FINAL) throw 0;
    // What is refused for good is in the server's log of rejections.
    for (const id of underWay) {
      waiting.delete(id);
      delete storage[CALLS + id];
    }
    pause = 0;
    const { message } = answer.rejected?.[0] || answer;
    if (message) told ||= warn(message);
  } catch {
    if (!pause) warn('no answer');
    taken.clear();
    pause = Math.min(pause * 2 || FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
  }
  underWay = [];
  schedule();
};

/** Gives the browser all that is left. It stays here, and in the storage, as nobody hears the answer. */
const handOver = (): void => {
  for (let ids; (ids = take())[0];) {
    // Some browsers are told to have no beacons.
    if (!navigator.sendBeacon?.(api(), bodyOf(ids))) request(ids).catch(() => {});
  }
};

/** The ids of as many calls as fit a request. */
const take = (): string[] => {
  const LAST_CALL = 99;
  // What is sent when a page goes may have 64 KB in all.
  const MAX_BYTES = 50_000;
  const ids: string[] = [];
  let bytes = 0;
  for (const [id, text] of waiting) {
    if (taken.has(id)) continue;
    bytes += bytesOf(text);
    if (bytes > MAX_BYTES || ids[LAST_CALL]) break;
    ids.push(id);
    taken.add(id);
  }
  return ids;
};

/** As text/plain, which a browser sends without asking before. */
const request = (ids: string[]): Promise<Response> =>
  fetch(api(), {
    method: 'POST',
    body: bodyOf(ids),
    keepalive: true,
    credentials: 'omit',
    signal: AbortSignal.timeout?.(30_000),
  });

const bodyOf = (ids: string[]): string =>
  `{"batch":[${ids.map((id) => waiting.get(id)).join()}],"sentAt":"${now()}"}`;

const bytesOf = (text: string): number => new TextEncoder().encode(text).length;

/** The server takes no larger call. */
const fits = (text: string): boolean => bytesOf(text) <= 32_768;
