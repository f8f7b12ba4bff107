/** Gives whoever looks a file. */
function download(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it by then, or asks where to put it, which doesn't need the URL.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

export function downloadCsv(name: string, text: string): void {
  download(`${name}.csv`, new Blob([text], { type: 'text/csv;charset=utf-8' }));
}

const MARGIN = 16;
const TITLE = 28;

/** What a colour of a chart stands for. */
export interface Legend {
  text: string;
  /** A property of the style, such as `--series-1`. */
  color: string;
}

/** A picture of a chart and what its colours stand for, on the page's background, as sharp as the screen. */
export async function downloadPng(
  name: string,
  legend: readonly Legend[],
  chart: CanvasImageSource & { width: number; height: number },
): Promise<void> {
  const scale = devicePixelRatio;
  const canvas = document.createElement('canvas');
  canvas.width = chart.width + 2 * MARGIN * scale;
  canvas.height = chart.height + (2 * MARGIN + TITLE) * scale;
  const context = canvas.getContext('2d')!;
  const style = getComputedStyle(document.documentElement);
  context.fillStyle = style.getPropertyValue('--surface');
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.font = `600 ${15 * scale}px system-ui, sans-serif`;
  context.textBaseline = 'top';
  let left = MARGIN * scale;
  for (const { text, color } of legend) {
    context.fillStyle = style.getPropertyValue(color);
    context.fillText(text, left, MARGIN * scale);
    left += context.measureText(text).width + MARGIN * scale;
  }
  context.drawImage(chart, MARGIN * scale, (MARGIN + TITLE) * scale);
  const blob = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve, 'image/png');
  });
  if (blob) download(`${name}.png`, blob);
}
