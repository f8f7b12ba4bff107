import { useMemo, useRef } from 'preact/hooks';
import { postForCsv } from '../../api/client.js';
import type { QueryAnswer, Row } from '../../api/types.js';
import { downloadPng, type Legend } from '../../charts/download.js';
import type { ChartSeries } from '../../charts/series.js';
import { TimeChart } from '../../charts/time-chart.js';
import { useDashboard } from '../../dashboard-context.js';
import { CsvButton } from '../../parts/csv-button.js';
import { Panel } from '../../parts/panel.js';
import { Table, type Column } from '../../parts/table.js';
import { dayOf } from '../../state/dates.js';
import { bucketText, figureText, momentText } from '../../state/format.js';
import type { DateRange, Interval } from '../../state/ranges.js';
import { CHART_METRICS, type ChartMetric } from '../../state/view-state.js';
import { HEADLINE_METRICS, useToggle } from './headline.js';

interface OverTimeProps {
  answer: QueryAnswer;
  compared: QueryAnswer | undefined;
  isLoading: boolean;
  /** For the CSV of what is shown. */
  question: object;
}

const NAME = 'over-time';

/** The chart, and its figures as a table. */
export function OverTime({ answer, compared, isLoading, question }: OverTimeProps) {
  const { state, update, frame, theme } = useDashboard();
  const canvas = useRef<HTMLCanvasElement>(undefined);
  const { zone, metrics } = state;
  const { interval } = frame;
  const times = useMemo(() => timesOf(answer.results), [answer]);
  const comparedTimes = useMemo(() => compared && timesOf(compared.results), [compared]);
  const series = useMemo(
    () => metrics.map((metric) => seriesOf(metric, answer, compared)),
    [answer, compared, metrics.join()],
  );
  const end = Date.parse(answer.query.date_range[1]);
  const zoom = (from: number, to: number): void =>
    update({ range: rangeOf(from, to, interval, zone), interval: undefined });
  const title = metrics.map((metric) => CHART_METRICS[metric]).join(', ');
  return (
    <Panel
      title="Over time"
      isLoading={isLoading}
      actions={
        <>
          <MoreMetrics />
          <CsvButton
            name={NAME}
            of="the figures over time"
            csv={() => postForCsv('query', question)}
          />
          <button
            type="button"
            class="small"
            aria-label="PNG of the chart over time"
            onClick={() =>
              canvas.current && void downloadPng(NAME, legendOf(metrics), canvas.current)
            }
          >
            PNG
          </button>
        </>
      }
    >
      <TimeChart
        description={`${title}, by ${interval}. Drag over a part to zoom in; the table below has the figures.`}
        times={times}
        end={end}
        comparedTimes={comparedTimes}
        series={series}
        interval={interval}
        zone={zone}
        theme={theme}
        onZoom={zoom}
        onDrawn={(drawn) => {
          canvas.current = drawn;
        }}
      />
      <p class="quiet">
        {compared && `Dashed: ${rangeText(compared.query.date_range, zone)}. `}
        {frame.isRunning && `The last ${interval} is not over yet.`}
      </p>
      <details>
        <summary>The figures as a table</summary>
        <Table
          caption={`${title}, by ${interval}`}
          columns={columnsFor(
            metrics,
            times,
            (index) => zoom(times[index]!, times[index + 1] ?? end),
            {
              interval,
              zone,
            },
          )}
          rows={answer.results.map((row, index) => ({ row, index }))}
          keyOf={({ row }) => String(row['time'])}
        />
      </details>
    </Panel>
  );
}

/** Metrics that aren't at the top. */
function MoreMetrics() {
  const all = Object.keys(CHART_METRICS) as ChartMetric[];
  return (
    <>
      {all
        .filter((metric) => !HEADLINE_METRICS.includes(metric))
        .map((metric) => (
          <MetricToggle key={metric} metric={metric} />
        ))}
    </>
  );
}

function MetricToggle({ metric }: { metric: ChartMetric }) {
  const { state } = useDashboard();
  const place = state.metrics.indexOf(metric);
  return (
    <button
      type="button"
      class="small"
      aria-pressed={place !== -1}
      {...(place !== -1 && { 'data-series': String(place + 1) })}
      onClick={useToggle(metric)}
    >
      {CHART_METRICS[metric]}
    </button>
  );
}

interface IndexedRow {
  row: Row;
  index: number;
}

/** Whoever has no mouse zooms by the table. */
function columnsFor(
  metrics: readonly ChartMetric[],
  times: readonly number[],
  onZoom: (index: number) => void,
  { interval, zone }: { interval: string; zone: string },
): Column<IndexedRow>[] {
  return [
    {
      title: 'Time',
      cell: ({ index }) => (
        <button type="button" class="link" title="Zoom in" onClick={() => onZoom(index)}>
          {bucketText(times[index]!, interval, zone)}
        </button>
      ),
    },
    ...metrics.map((metric) => ({
      title: CHART_METRICS[metric],
      isNumber: true,
      cell: ({ row }: IndexedRow) => figureText(metric, row[metric] as number | null),
    })),
  ];
}

function legendOf(metrics: readonly ChartMetric[]): Legend[] {
  return metrics.map((metric, index) => ({
    text: CHART_METRICS[metric],
    color: `--series-${index + 1}`,
  }));
}

function rangeText([from, to]: [string, string], zone: string): string {
  return `${momentText(from, zone, false)} to ${momentText(to, zone, false)}`;
}

function timesOf(rows: readonly Row[]): number[] {
  return rows.map(({ time }) => Date.parse(String(time)));
}

function seriesOf(
  metric: ChartMetric,
  answer: QueryAnswer,
  compared: QueryAnswer | undefined,
): ChartSeries {
  const valuesOf = ({ results }: QueryAnswer): (number | null)[] =>
    results.map((row) => row[metric] as number | null);
  return {
    metric,
    label: CHART_METRICS[metric],
    values: valuesOf(answer),
    compared: compared && valuesOf(compared),
  };
}

/** Days where it's of days: the URL can be read then. */
function rangeOf(from: number, to: number, interval: Interval, zone: string): DateRange {
  const isOfDays = interval !== 'minute' && interval !== 'hour';
  const isWhole = isOfDays && dayOf(to - 1, zone) !== dayOf(to, zone);
  return isWhole
    ? [dayOf(from, zone), dayOf(to, zone)]
    : [new Date(from).toISOString(), new Date(to).toISOString()];
}
