import { useAnswer, type Asked } from './api/use-answer.js';
import { useDashboard } from './dashboard-context.js';

/**
 * Asks for figures of the range and the filters that the URL says, anew when these change, and again
 * while the range isn't over.
 *
 * @param about what tells the question apart besides; undefined asks nothing
 */
export function useFigures<Answer>(
  about: readonly unknown[] | undefined,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Asked<Answer> {
  const { state, frame, now, extent } = useDashboard();
  const { range, zone, filters, includeBots } = state;
  // All time is as long as what there is.
  const isKnown = range !== 'all' || extent !== undefined;
  const key =
    about && isKnown ? JSON.stringify([about, range, zone, filters, includeBots]) : undefined;
  return useAnswer(key, ask, frame.isRunning ? now : undefined);
}
