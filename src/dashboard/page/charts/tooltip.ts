import type uPlot from 'uplot';
import type { Plugin } from 'uplot';
import { figureText } from '../state/format.js';
import type { ChartSeries } from './series.js';

interface TooltipContent {
  title: (index: number) => string;
  comparedTitle: (index: number) => string;
  series: readonly ChartSeries[];
}

/** Shows the figures at the cursor. All of it is text: names of events are never markup. */
export function tooltip(content: () => TooltipContent): Plugin {
  const box = document.createElement('div');
  box.className = 'tooltip';
  box.hidden = true;
  return {
    hooks: {
      init: [(chart) => chart.over.append(box)],
      setCursor: [(chart) => show(chart, box, content())],
    },
  };
}

function show(chart: uPlot, box: HTMLElement, content: TooltipContent): void {
  const { idx, left = -1 } = chart.cursor;
  box.hidden = idx === null || idx === undefined || left < 0;
  if (box.hidden) return;
  box.replaceChildren(...linesOf(content, idx!));
  // On the side where there's room.
  const isRight = left > chart.over.clientWidth / 2;
  box.style.left = isRight ? '' : `${left + 12}px`;
  box.style.right = isRight ? `${chart.over.clientWidth - left + 12}px` : '';
}

function linesOf({ title, comparedTitle, series }: TooltipContent, index: number): HTMLElement[] {
  const compared = comparedTitle(index);
  return [
    textOf('strong', title(index)),
    ...(compared === '' ? [] : [textOf('span', `before: ${compared}`, 'muted')]),
    ...series.map(({ metric, label, values, compared: before }, place) => {
      const was = before?.[index];
      const more = was === undefined ? '' : ` (${figureText(metric, was)})`;
      const line = textOf('span', `${label}: ${figureText(metric, values[index])}${more}`);
      line.dataset['series'] = String(place + 1);
      return line;
    }),
  ];
}

function textOf(tag: string, text: string, className = ''): HTMLElement {
  const element = document.createElement(tag);
  element.textContent = text;
  element.className = className;
  return element;
}
