import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from './client.js';

/** What became of a question so far. */
export interface Asked<Answer> {
  /** The last answer there was to this question, also while it's asked anew. */
  answer: Answer | undefined;
  error: ApiError | undefined;
  isLoading: boolean;
}

/** After a failure that may pass. */
const RETRY_MS = 5_000;

/**
 * Asks whenever the key changes, or the refresh does; what isn't wanted any more is given up. Answers
 * stay while the same is asked anew, and go where another is.
 *
 * @param key tells questions apart; undefined asks nothing
 * @param refresh any value: when it changes, the same is asked anew
 */
export function useAnswer<Answer>(
  key: string | undefined,
  ask: (signal: AbortSignal) => Promise<Answer>,
  refresh?: unknown,
): Asked<Answer> {
  const [state, setState] = useState<
    { key: string | undefined } & Omit<Asked<Answer>, 'isLoading'>
  >({ key: undefined, answer: undefined, error: undefined });
  const [attempt, setAttempt] = useState(0);
  const [isLoading, setIsLoading] = useState(key !== undefined);
  const latest = useRef(ask);
  latest.current = ask;
  useEffect(() => {
    if (key === undefined) {
      setIsLoading(false);
      return undefined;
    }
    const controller = new AbortController();
    const { signal } = controller;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const run = async (): Promise<void> => {
      try {
        const answer = await latest.current(signal);
        if (!signal.aborted) setState({ key, answer, error: undefined });
      } catch (error) {
        if (signal.aborted) return;
        const told = toApiError(error);
        // What is known already stays in sight.
        setState((before) => ({
          key,
          answer: before.key === key ? before.answer : undefined,
          error: told,
        }));
        const mayPass = told.status === 0 || told.status >= 500;
        if (mayPass) timer = setTimeout(() => setAttempt((count) => count + 1), RETRY_MS);
      } finally {
        if (!signal.aborted) setIsLoading(false);
      }
    };
    setIsLoading(true);
    void run();
    return () => {
      controller.abort();
      clearTimeout(timer);
    };
  }, [key, refresh, attempt]);
  const isCurrent = state.key === key;
  return {
    answer: isCurrent ? state.answer : undefined,
    error: isCurrent ? state.error : undefined,
    // Before the effect has run, too.
    isLoading: isLoading || (key !== undefined && !isCurrent),
  };
}

function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError(-1, 'error', error instanceof Error ? error.message : String(error));
}
