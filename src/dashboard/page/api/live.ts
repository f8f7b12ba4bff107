import type { EventLine } from './types.js';

/** What a feed tells. */
export interface LiveListener {
  onEvent: (event: EventLine) => void;
  /** Some events may be missing: of a flood only some are shown, and a feed may have been cut off. */
  onMissing?: (events: number | undefined) => void;
  onConnected?: (isConnected: boolean) => void;
}

/**
 * Events as they arrive. The browser connects again by itself, from where it was; after an answer that
 * isn't a feed it doesn't, so that is done here.
 *
 * @returns what ends it
 */
export function watchLive(listener: LiveListener, parameters = ''): () => void {
  const AGAIN_MS = 5_000;
  let source: EventSource;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const connect = (): void => {
    source = new EventSource(`analytics/live${parameters}`);
    source.addEventListener('open', () => listener.onConnected?.(true));
    source.addEventListener('message', ({ data }) => {
      listener.onEvent(JSON.parse(data as string) as EventLine);
    });
    source.addEventListener('omitted', ({ data }) => {
      listener.onMissing?.((JSON.parse(data as string) as { events: number }).events);
    });
    source.addEventListener('gap', () => listener.onMissing?.(undefined));
    source.addEventListener('error', () => {
      listener.onConnected?.(false);
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(connect, AGAIN_MS);
    });
  };
  connect();
  return () => {
    clearTimeout(timer);
    source.close();
  };
}
