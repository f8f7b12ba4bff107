import { useMemo, useRef } from 'preact/hooks';
import { postForCsv } from '../../api/client.js';
import type { QueryAnswer, Row } from '../../api/types.js';
import type { Legend } from '../../charts/download.js';
import { pairBuckets } from '../../charts/pair-buckets.js';
import type { ChartSeries } from '../../charts/series.js';
import { TimeChart } from '../../charts/time-chart.js';
import { useDashboard } from '../../dashboard-context.js';
import { CsvButton } from '../../parts/csv-button.js';
import { Panel } from '../../parts/panel.js';
import { PngButton } from '../../parts/png-button.js';
import { Table, type Column } from '../../parts/table.js';
import { dayOf } from '../../state/dates.js';
import { filterText } from '../../state/filters.js';
import { bucketText, figureText, momentText } from '../../state/format.js';
import type { DateRange, Interval } from '../../state/ranges.js';
import { CHART_METRICS, type ChartMetric } from '../../state/view-state.js';
import type { Shown } from '../overview.js';
import { HEADLINE_METRICS, useToggle } from './headline.js';

interface OverTimeProps {
  shown: Shown;
  compared: QueryAnswer | undefined;
  isLoading: boolean;
}

const NAME = 'over-time';

/** The chart, and its figures as a table. */
export function OverTime({ shown, compared, isLoading }: OverTimeProps) {
  const { answer, frame, metrics, zone, question } = shown;
  const { update, theme } = useDashboard();
  const canvas = useRef<HTMLCanvasElement>(undefined);
  const { interval } = frame;
  const times = useMemo(() => timesOf(answer.results), [answer]);
  const comparedTimes = useMemo(() => timesOf(compared?.results ?? []), [compared]);
  const pairs = useMemo(
    () => pairBuckets(times, comparedTimes, zone),
    [times, comparedTimes, zone],
  );
  const series = useMemo(
    () => metrics.map((metric) => seriesOf(metric, answer, compared, pairs)),
    [answer, compared, pairs, metrics],
  );
  const end = Date.parse(answer.query.date_range[1]);
  const zoom = (from: number, to: number): void =>
    update({ range: rangeOf(from, to, interval, zone), interval: undefined });
  const title = metrics.map((metric) => CHART_METRICS[metric]).join(', ');
  const dashed = compared && `Dashed: ${rangeText(compared.query.date_range, zone)}.`;
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
          <PngButton
            name={NAME}
            of="the chart over time"
            picture={() => ({
              canvas: canvas.current,
              legend: legendOf(metrics),
              caption: [
                `${rangeText(answer.query.date_range, zone)}, ${zone}, by ${interval}.`,
                dashed ?? '',
                ...frame.scope.filters.map(filterText),
              ],
            })}
          />
        </>
      }
    >
      <TimeChart
        description={`${title}, by ${interval}. Drag over a part to zoom in; the table below has the figures.`}
        times={times}
        end={end}
        comparedTitles={pairs.map((place) => comparedTimes[place ?? -1])}
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
        {dashed} {frame.isRunning && `The last ${interval} is not over yet.`}
      </p>
      <FiguresTable
        shown={shown}
        series={series}
        times={times}
        title={title}
        onZoom={(index) => zoom(times[index]!, times[index + 1] ?? end)}
      />
    </Panel>
  );
}

interface FiguresTableProps {
  shown: Shown;
  series: readonly ChartSeries[];
  times: readonly number[];
  title: string;
  onZoom: (index: number) => void;
}

function FiguresTable({ shown, series, times, title, onZoom }: FiguresTableProps) {
  const { answer, frame, zone } = shown;
  const { interval } = frame;
  const summary = useRef<HTMLElement>(null);
  const zoom = (index: number): void => {
    // The row will be gone.
    summary.current?.focus();
    onZoom(index);
  };
  return (
    <details>
      <summary ref={summary}>The figures as a table</summary>
      <Table
        caption={`${title}, by ${interval}`}
        columns={columnsFor(series, times, zoom, { interval, zone })}
        rows={answer.results.map((row, index) => ({ row, index }))}
        keyOf={({ row }) => String(row['time'])}
      />
    </details>
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
  return (
    <button type="button" class="small" {...useToggle(metric)}>
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
  series: readonly ChartSeries[],
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
    ...series.flatMap(({ metric, label, values, compared }) => [
      {
        title: label,
        isNumber: true,
        cell: ({ index }: IndexedRow) => figureText(metric, values[index]),
      },
      ...(compared
        ? [
            {
              title: `${label}, before`,
              isNumber: true,
              cell: ({ index }: IndexedRow) => figureText(metric, compared[index]),
            },
          ]
        : []),
    ]),
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
  pairs: readonly (number | undefined)[],
): ChartSeries {
  const valueOf = (row: Row | undefined): number | null => (row?.[metric] as number) ?? null;
  return {
    metric,
    label: CHART_METRICS[metric],
    values: answer.results.map(valueOf),
    compared: compared && pairs.map((place) => valueOf(compared.results[place ?? -1])),
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
