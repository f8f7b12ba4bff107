import { useEffect, useRef } from 'preact/hooks';
import type { FunnelAnswer } from '../api/types.js';
import { useDashboard } from '../dashboard-context.js';
import { figureText, percentText } from '../state/format.js';

interface FunnelChartProps {
  steps: FunnelAnswer['results'];
  /** Is told what is drawn, for a picture of it. */
  onDrawn: (canvas: HTMLCanvasElement) => void;
}

const STEP_HEIGHT = 44;
const BAR_HEIGHT = 26;
const LABEL_HEIGHT = 16;

/** A bar a step, as long as the share of the first step's users that it has. */
export function FunnelChart({ steps, onDrawn }: FunnelChartProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { theme } = useDashboard();
  useEffect(() => {
    const element = canvas.current!;
    const redraw = (): void => draw(element, steps);
    redraw();
    onDrawn(element);
    const observer = new ResizeObserver(redraw);
    observer.observe(element.parentElement!);
    return () => observer.disconnect();
  }, [steps, theme]);
  const description = steps
    .map(({ event, users }) => `${event}: ${figureText('users', users)} users`)
    .join('; ');
  return (
    <div class="chart">
      <canvas ref={canvas} role="img" aria-label={`Funnel. ${description}`} />
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, steps: FunnelAnswer['results']): void {
  const style = getComputedStyle(document.documentElement);
  const scale = devicePixelRatio;
  const width = canvas.parentElement!.clientWidth;
  const height = steps.length * (STEP_HEIGHT + LABEL_HEIGHT);
  canvas.width = width * scale;
  canvas.height = height * scale;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext('2d')!;
  context.scale(scale, scale);
  context.font = '13px system-ui, sans-serif';
  context.textBaseline = 'top';
  for (const [index, step] of steps.entries()) {
    const top = index * (STEP_HEIGHT + LABEL_HEIGHT);
    context.fillStyle = style.getPropertyValue('--text');
    context.fillText(fitting(context, labelOf(step), width), 0, top);
    context.fillStyle = style.getPropertyValue('--line');
    context.fillRect(0, top + LABEL_HEIGHT + 4, width, BAR_HEIGHT);
    context.fillStyle = style.getPropertyValue('--series-1');
    context.fillRect(0, top + LABEL_HEIGHT + 4, width * (step.conversion ?? 0), BAR_HEIGHT);
  }
}

/** Cut off where there's no more room. */
function fitting(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  let length = text.length;
  while (length > 0 && context.measureText(`${text.slice(0, length)}…`).width > width) length -= 1;
  return `${text.slice(0, length)}…`;
}

function labelOf({ step, event, users, conversion }: FunnelAnswer['results'][number]): string {
  const share = conversion === null ? '' : ` (${percentText(conversion)})`;
  return `${step}. ${event}: ${figureText('users', users)} users${share}`;
}
