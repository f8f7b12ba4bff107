import { postJson } from '../api/client.js';
import { ALL_ROWS, type Frame, type Scope } from '../api/questions.js';
import type { QueryAnswer } from '../api/types.js';
import { useDashboard } from '../dashboard-context.js';
import { BotsNote } from '../parts/bots-note.js';
import { Answered, Problem } from '../parts/panel.js';
import type { ChartMetric } from '../state/view-state.js';
import { useFigures } from '../use-figures.js';
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
  const { state, frame } = useDashboard();
  const { zone, metrics } = state;
  const all = [...new Set([...HEADLINE_METRICS, ...metrics])];
  const about = (name: string) => [name, metrics, frame.interval];
  const current = useFigures(about('current'), async (signal): Promise<Shown> => {
    const question = questionOf(frame.scope, all, frame.interval);
    const answer = await postJson<QueryAnswer>('query', question, signal);
    return { answer, frame, metrics, zone, question: { ...question, limit: ALL_ROWS } };
  });
  const before = useFigures(frame.compared && about(state.compare), (signal) =>
    postJson<QueryAnswer>('query', questionOf(frame.compared!, all, frame.interval), signal),
  );
  // What is compared belongs together.
  const compared = current.isStale || !before.isStale ? before.answer : undefined;
  return (
    <>
      <Answered asked={current}>
        {(shown) => (
          <>
            <Headline answer={shown.answer} compared={compared} />
            <BotsNote events={shown.answer.meta.bot_events} />
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
