import { postJson } from '../api/client.js';
import { ALL_ROWS, type Frame, type Scope } from '../api/questions.js';
import type { QueryAnswer } from '../api/types.js';
import { useAnswer } from '../api/use-answer.js';
import { useDashboard } from '../dashboard-context.js';
import { Answered, Problem } from '../parts/panel.js';
import type { ChartMetric } from '../state/view-state.js';
import { Breakdown } from './overview/breakdown.js';
import { Headline, HEADLINE_METRICS } from './overview/headline.js';
import { NoEvents } from './overview/no-events.js';
import { OverTime } from './overview/over-time.js';

/** Figures, and what they are of: while others are on their way, these are shown as they were. */
export interface Shown {
  answer: QueryAnswer;
  frame: Frame;
  /** That the chart has. */
  metrics: readonly ChartMetric[];
  zone: string;
  /** For the CSV of what is shown. */
  question: object;
}

/** The figures of a range: how many, over time, and of what. */
export function Overview() {
  const { state, frame, now, extent } = useDashboard();
  const { range, zone, filters, includeBots, metrics } = state;
  const all = [...new Set([...HEADLINE_METRICS, ...metrics])];
  // All time is drawn as finely as it's long.
  const isKnown = range !== 'all' || extent !== undefined;
  const about = (name: string): string =>
    JSON.stringify([name, range, zone, filters, includeBots, metrics, frame.interval]);
  const refresh = frame.isRunning ? now : undefined;
  const current = useAnswer(
    isKnown ? about('current') : undefined,
    async (signal): Promise<Shown> => {
      const question = questionOf(frame.scope, all, frame.interval);
      const answer = await postJson<QueryAnswer>('query', question, signal);
      return { answer, frame, metrics, zone, question: { ...question, limit: ALL_ROWS } };
    },
    refresh,
  );
  const before = useAnswer(
    isKnown && frame.compared ? about(state.compare) : undefined,
    (signal) =>
      postJson<QueryAnswer>('query', questionOf(frame.compared!, all, frame.interval), signal),
    refresh,
  );
  // What is compared belongs together.
  const compared = current.isStale || !before.isStale ? before.answer : undefined;
  return (
    <>
      <Answered asked={current}>
        {(shown) => (
          <>
            <Headline answer={shown.answer} compared={compared} />
            {before.error && <Problem error={before.error} />}
            {shown.answer.totals['events'] === 0 && <NoEvents />}
            <OverTime shown={shown} compared={compared} isLoading={current.isLoading} />
          </>
        )}
      </Answered>
      <Breakdown />
    </>
  );
}

function questionOf(scope: Scope, metrics: readonly ChartMetric[], interval: string): object {
  return { ...scope, metrics, dimensions: [`time:${interval}`] };
}
