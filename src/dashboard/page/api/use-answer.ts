import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from './client.js';

/** What became of a question so far. */
export interface Asked<Answer> {
  /** The last answer there was, also to the question before, while there's none to this one. */
  answer: Answer | undefined;
  error: ApiError | undefined;
  isLoading: boolean;
  /** Whether the answer is to the question before. */
  isStale: boolean;
}

/** After a failure that may pass. */
const RETRY_MS = 5_000;

interface State<Answer> {
  key: string | undefined;
  answer: Answer | undefined;
  error: ApiError | undefined;
}

/**
 * Asks whenever the key changes: what isn't wanted any more is given up. When the refresh changes the
 * same is asked anew, after the answer that is on its way: however long that takes, it's shown.
 *
 * @param key tells questions apart; undefined asks nothing
 * @param refresh any value
 */
export function useAnswer<Answer>(
  key: string | undefined,
  ask: (signal: AbortSignal) => Promise<Answer>,
  refresh?: unknown,
): Asked<Answer> {
  const [state, setState] = useState<State<Answer>>({
    key: undefined,
    answer: undefined,
    error: undefined,
  });
  const [attempt, setAttempt] = useState(0);
  const latest = useRef(ask);
  latest.current = ask;
  const [underWay, setUnderWay] = useState<string>();
  const pending = useRef({ isUnderWay: false, isWantedAgain: false });

  useEffect(() => {
    if (key === undefined) return undefined;
    const controller = new AbortController();
    const { signal } = controller;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = (): void => setAttempt((count) => count + 1);
    const run = async (): Promise<void> => {
      pending.current = { isUnderWay: true, isWantedAgain: false };
      setUnderWay(key);
      const next = await settle(latest.current(signal));
      if (signal.aborted) return;
      pending.current.isUnderWay = false;
      setUnderWay(undefined);
      // What is known already stays in sight.
      setState((before) => ({
        key,
        error: undefined,
        answer: before.key === key ? before.answer : undefined,
        ...next,
      }));
      const pause = next.error?.retryMs(RETRY_MS);
      if (pause !== undefined) timer = setTimeout(again, pause);
      else if (pending.current.isWantedAgain) again();
    };
    void run();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [key, attempt]);

  const isFirst = useRef(true);
  useEffect(() => {
    // What was given up for its cost isn't asked again by itself.
    const isTooSlow = state.key === key && state.error?.code === 'query_timeout';
    if (isFirst.current) isFirst.current = false;
    else if (pending.current.isUnderWay) pending.current.isWantedAgain = true;
    else if (!isTooSlow) setAttempt((count) => count + 1);
  }, [refresh]);

  const isStale = state.key !== key;
  return {
    answer: key === undefined ? undefined : state.answer,
    error: isStale ? undefined : state.error,
    // Before the effect has run, too.
    isLoading: key !== undefined && (isStale || underWay === key),
    isStale,
  };
}

async function settle<Answer>(
  asked: Promise<Answer>,
): Promise<{ answer: Answer; error?: undefined } | { error: ApiError }> {
  try {
    return { answer: await asked };
  } catch (error) {
    return { error: toApiError(error) };
  }
}

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(-1, 'error', error instanceof Error ? error.message : String(error));
}
