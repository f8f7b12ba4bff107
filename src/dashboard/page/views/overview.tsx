import { useAnswer } from '../api/use-answer.js';
import { postJson } from '../api/client.js';
import { ALL_ROWS, type Scope } from '../api/questions.js';
import type { QueryAnswer } from '../api/types.js';
import { useDashboard } from '../dashboard-context.js';
import { Answered } from '../parts/panel.js';
import type { ChartMetric } from '../state/view-state.js';
import { Breakdown } from './overview/breakdown.js';
import { Headline, HEADLINE_METRICS } from './overview/headline.js';
import { NoEvents } from './overview/no-events.js';
import { OverTime } from './overview/over-time.js';

/** The figures of a range: how many, over time, and of what. */
export function Overview() {
  const { state, frame, now, extent } = useDashboard();
  const metrics = [...new Set([...HEADLINE_METRICS, ...state.metrics])];
  // All time is drawn as finely as it's long.
  const isKnown = state.range !== 'all' || extent !== undefined;
  const about = (name: string): string =>
    JSON.stringify([
      name,
      state.range,
      state.zone,
      state.filters,
      state.includeBots,
      metrics,
      frame.interval,
    ]);
  const current = useAnswer(
    isKnown ? about('current') : undefined,
    (signal) => ask(frame.scope, metrics, frame.interval, signal),
    now,
  );
  const compared = useAnswer(
    isKnown && frame.compared ? about(state.compare) : undefined,
    (signal) => ask(frame.compared!, metrics, frame.interval, signal),
    now,
  );
  return (
    <>
      <Answered asked={current}>
        {(answer) => (
          <>
            <Headline answer={answer} compared={compared.answer} />
            {answer.totals['events'] === 0 && <NoEvents />}
            <OverTime
              answer={answer}
              compared={compared.answer}
              isLoading={current.isLoading}
              question={{ ...questionOf(frame.scope, metrics, frame.interval), limit: ALL_ROWS }}
            />
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

function ask(
  scope: Scope,
  metrics: readonly ChartMetric[],
  interval: string,
  signal: AbortSignal,
): Promise<QueryAnswer> {
  return postJson<QueryAnswer>('query', questionOf(scope, metrics, interval), signal);
}
