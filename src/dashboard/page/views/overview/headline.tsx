import type { QueryAnswer } from '../../api/types.js';
import { useDashboard } from '../../dashboard-context.js';
import { changeOf, figureText, percentText } from '../../state/format.js';
import { CHART_METRICS, type ChartMetric } from '../../state/view-state.js';

/** What stands at the top, whatever the chart shows. */
export const HEADLINE_METRICS: readonly ChartMetric[] = [
  'unique_users',
  'impressions',
  'clicks',
  'ctr',
  'events',
];

interface HeadlineProps {
  answer: QueryAnswer;
  compared: QueryAnswer | undefined;
}

/** The figures of the whole range. Each shows or hides its line of the chart. */
export function Headline({ answer, compared }: HeadlineProps) {
  const { anonymous_events: nobodys } = answer.meta;
  return (
    <section class="headline" aria-label="Figures of the whole range">
      {HEADLINE_METRICS.map((metric) => (
        <Figure
          key={metric}
          metric={metric}
          value={answer.totals[metric]}
          before={compared?.totals[metric]}
          isCompared={compared !== undefined}
          note={
            metric === 'events' && nobodys > 0
              ? `${figureText('events', nobodys)} of nobody`
              : undefined
          }
        />
      ))}
    </section>
  );
}

interface FigureProps {
  metric: ChartMetric;
  value: number | null | undefined;
  before: number | null | undefined;
  isCompared: boolean;
  note: string | undefined;
}

function Figure({ metric, value, before, isCompared, note }: FigureProps) {
  return (
    <button
      type="button"
      class="figure"
      {...useToggle(metric)}
      title={note ? 'Events whose person is not kept are counted, and never as a user' : ''}
    >
      <span class="name">{CHART_METRICS[metric]}</span>
      <span class="value" data-metric={metric}>
        {figureText(metric, value)}
      </span>
      {isCompared && <Change metric={metric} now={value} before={before} />}
      {note && <span class="note">{note}</span>}
    </button>
  );
}

/** Of a button that shows a metric in the chart, in the colour of its line, or hides it; one stays. */
export function useToggle(metric: ChartMetric) {
  const { state, update } = useDashboard();
  const { metrics } = state;
  const place = metrics.indexOf(metric);
  return {
    'aria-pressed': place !== -1,
    ...(place !== -1 && { 'data-series': String(place + 1) }),
    onClick: (): void => {
      const rest = metrics.filter((one) => one !== metric);
      if (place === -1) update({ metrics: [...metrics, metric] });
      else if (rest.length > 0) update({ metrics: rest });
    },
  };
}

interface ChangeProps {
  metric: string;
  now: number | null | undefined;
  before: number | null | undefined;
}

function Change({ metric, now, before }: ChangeProps) {
  const change = changeOf(now, before);
  const was = `before: ${figureText(metric, before)}`;
  if (change === undefined) return <span class="change">{was}</span>;
  const direction = change < 0 ? 'down' : 'up';
  const arrow = change === 0 ? '=' : { down: '↓', up: '↑' }[direction];
  return (
    <span class={`change ${change === 0 ? '' : direction}`}>
      <span aria-hidden="true">{arrow} </span>
      <span class="hidden">{change === 0 ? 'unchanged' : direction} </span>
      {percentText(Math.abs(change))}, {was}
    </span>
  );
}
