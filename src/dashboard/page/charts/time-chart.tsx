import { useEffect, useRef } from 'preact/hooks';
import uPlot, { type AlignedData, type Axis, type Options, type Series } from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { bucketText, isShare, shortFigure } from '../state/format.js';
import type { Interval } from '../state/ranges.js';
import type { ChartSeries } from './series.js';
import { stepsFrom, timeTexts } from './time-axis.js';
import { tooltip } from './tooltip.js';

export interface TimeChartProps {
  /** For whoever can't see it. */
  description: string;
  /** Where buckets begin, in milliseconds. */
  times: number[];
  /** Where the last one ends. */
  end: number;
  /** Where the bucket begins that each is compared with, if there's one. */
  comparedTitles: (number | undefined)[];
  series: ChartSeries[];
  interval: Interval;
  zone: string;
  /** Any value: another one draws it in other colours. */
  theme: string;
  onZoom: (from: number, to: number) => void;
  /** Is told what is drawn, for a picture of it. */
  onDrawn: (canvas: HTMLCanvasElement) => void;
}

const HEIGHT = 300;
const RIGHT = 1 as unknown as Axis.Side;
/** A click isn't a selection. */
const MIN_SELECTION = 6;

/** A chart that is zoomed by dragging. */
export function TimeChart(props: TimeChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const { times, series, interval, zone, theme } = props;
  const shape = JSON.stringify([series.map(({ metric, compared }) => [metric, !!compared]), zone]);
  const plot = useRef<uPlot>(undefined);

  useEffect(() => {
    const element = holder.current!;
    const chart = new uPlot(
      optionsFor(latest, element.clientWidth),
      dataOf(latest.current),
      element,
    );
    plot.current = chart;
    latest.current.onDrawn(chart.ctx.canvas);
    const observer = new ResizeObserver(() => {
      chart.setSize({ width: element.clientWidth, height: HEIGHT });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = undefined;
    };
  }, [shape, interval, theme]);

  useEffect(() => {
    plot.current?.setData(dataOf(latest.current));
  }, [times, series]);

  return <div class="chart" ref={holder} role="img" aria-label={props.description} />;
}

function dataOf({ times, series }: TimeChartProps): AlignedData {
  const lines = series.flatMap(({ values, compared }) =>
    compared ? [values, compared] : [values],
  );
  return [times.map((ms) => ms / 1_000), ...lines];
}

function optionsFor(latest: { current: TimeChartProps }, width: number): Options {
  const { series, zone } = latest.current;
  const style = getComputedStyle(document.documentElement);
  const color = (name: string): string => style.getPropertyValue(name).trim();
  const hasShare = series.some(({ metric }) => isShare(metric));
  const hasCount = series.some(({ metric }) => !isShare(metric));
  return {
    width,
    height: HEIGHT,
    ms: 1e-3,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), zone),
    cursor: { drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
    legend: { show: false },
    scales: {
      x: { range: () => extentOf(latest.current) },
      count: { range: fromZero },
      share: { range: fromZero },
    },
    axes: [
      axisOf(color, {
        incrs: stepsFrom(latest.current.interval),
        values: (_, seconds, __, ___, step) => timeTexts(seconds, step, zone),
      }),
      ...(hasCount ? [axisOf(color, figureAxis('count', series))] : []),
      ...(hasShare
        ? [
            axisOf(color, {
              ...figureAxis('share', series),
              side: RIGHT,
              grid: { show: !hasCount },
            }),
          ]
        : []),
    ],
    series: [{}, ...series.flatMap((one, index) => linesOf(one, color(`--series-${index + 1}`)))],
    hooks: { setSelect: [(chart) => zoom(chart, latest.current)] },
    plugins: [tooltip(() => tooltipLines(latest.current))],
  };
}

/** One bucket alone is as wide as it's long. */
function extentOf({ times, end }: TimeChartProps): [number, number] {
  const [first = 0] = times;
  const last = times.length > 1 ? times.at(-1)! : end;
  return [first / 1_000, last / 1_000];
}

function fromZero(_: uPlot, __: number | null, max: number | null): [number, number] {
  return [0, (max || 1) * 1.05];
}

function axisOf(color: (name: string) => string, more: Partial<Axis>): Axis {
  return {
    stroke: color('--muted'),
    font: '12px system-ui, sans-serif',
    ticks: { show: false },
    ...more,
    grid: { stroke: color('--line'), width: 1, ...more.grid },
  };
}

function figureAxis(scale: string, series: readonly ChartSeries[]): Partial<Axis> {
  const { metric } = series.find((one) => isShare(one.metric) === (scale === 'share'))!;
  return {
    scale,
    size: 56,
    values: (_, values) => values.map((value) => shortFigure(metric, value)),
  };
}

function linesOf({ metric, compared }: ChartSeries, stroke: string): Series[] {
  const scale = isShare(metric) ? 'share' : 'count';
  const line: Series = { scale, stroke, width: 2, points: { size: 5, width: 1 } };
  const before: Series = { scale, stroke, width: 1, dash: [4, 4], points: { show: false } };
  return compared ? [line, before] : [line];
}

/** To whole buckets: what is dragged over in part is in. */
function zoom(chart: uPlot, { times, end, onZoom }: TimeChartProps): void {
  const { left, width } = chart.select;
  if (width < MIN_SELECTION) return;
  const [first, last] = [left, left + width].map((x) => chart.posToVal(x, 'x') * 1_000) as [
    number,
    number,
  ];
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  const from = times.findLast((time) => time <= first) ?? times[0]!;
  onZoom(from, times.find((time) => time >= last && time > from) ?? end);
}

function tooltipLines({ times, comparedTitles, series, interval, zone }: TimeChartProps) {
  const title = (all: (number | undefined)[], index: number): string =>
    all[index] === undefined ? '' : bucketText(all[index], interval, zone);
  return {
    title: (index: number) => title(times, index),
    comparedTitle: (index: number) => title(comparedTitles, index),
    series,
  };
}
