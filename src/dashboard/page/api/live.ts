import { EventSource as KeyedEventSource } from 'eventsource';
import { currentKey, keyHeaders } from './key.js';
import type { EventLine } from './types.js';

/** What a feed tells. */
export interface LiveListener {
  onEvent: (event: EventLine) => void;
  /** Some events may be missing: of a flood only some are shown, and a feed may have been cut off. */
  onMissing?: (events: number | undefined) => void;
  onConnected?: (isConnected: boolean) => void;
}

const AGAIN_MS = 5_000;

/**
 * Events as they arrive. The browser connects again by itself, from where it was; after an answer that
 * isn't a feed it doesn't, so that is done here, and where it was is said by a parameter. A tab that
 * nobody sees gives its connection up, since a browser has six for all tabs of a server.
 */
export class LiveWatch {
  /** Of the last event that was heard; empty before the first. */
  place: string;
  private source: EventSource | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param parameters of the feed
   * @param place of the last event that an earlier watch heard, to go on after it
   */
  constructor(
    private readonly listener: LiveListener,
    private readonly parameters: Record<string, string> = {},
    place = '',
  ) {
    this.place = place;
    document.addEventListener('visibilitychange', this.onVisibility);
    this.onVisibility();
  }

  stop(): void {
    document.removeEventListener('visibilitychange', this.onVisibility);
    this.disconnect();
  }

  private readonly onVisibility = (): void => {
    if (document.visibilityState === 'hidden') this.disconnect();
    else if (!this.source) this.connect();
  };

  private connect(): void {
    const place: Record<string, string> = this.place === '' ? {} : { last_event_id: this.place };
    const search = new URLSearchParams({ ...this.parameters, ...place });
    const source = openSource(`analytics/live?${search}`);
    const { onEvent, onMissing, onConnected } = this.listener;
    const hear = (type: string, take: (data: string) => void): void => {
      source.addEventListener(type, (message: MessageEvent<string>) => {
        this.place = message.lastEventId || this.place;
        take(message.data);
      });
    };
    source.addEventListener('open', () => onConnected?.(true));
    hear('message', (data) => onEvent(JSON.parse(data) as EventLine));
    hear('omitted', (data) => onMissing?.((JSON.parse(data) as { events: number }).events));
    hear('gap', () => onMissing?.(undefined));
    source.addEventListener('error', () => {
      onConnected?.(false);
      if (source.readyState !== source.CLOSED) return;
      this.disconnect();
      this.timer = setTimeout(this.onVisibility, AGAIN_MS);
    });
    this.source = source;
  }

  private disconnect(): void {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = undefined;
  }
}

/** A browser's own gives no key with its question. */
function openSource(url: string): EventSource {
  if (currentKey() === undefined) return new EventSource(url);
  return new KeyedEventSource(new URL(url, location.href), {
    fetch: (input, init) =>
      fetch(input, { ...init, headers: { ...init.headers, ...keyHeaders() } }),
  });
}
