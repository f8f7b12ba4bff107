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

/** Ids of users may be long, and hold whatever a file's name can't. */
function fileName(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').slice(0, 80);
}

export function downloadCsv(name: string, text: string): void {
  download(`${fileName(name)}.csv`, new Blob([text], { type: 'text/csv;charset=utf-8' }));
}

const MARGIN = 16;
const LINE = 20;

/** What a colour of a chart stands for. */
export interface Legend {
  text: string;
  /** A property of the style, such as `--series-1`. */
  color: string;
}

/** A chart, and what has to be said of it where nothing else is around it. */
export interface Picture {
  canvas: HTMLCanvasElement;
  legend: readonly Legend[];
  /** Lines below the legend; empty ones are left out. */
  caption: readonly string[];
}

/** On the page's background, as sharp as the screen. */
export async function downloadPng(name: string, picture: Picture): Promise<void> {
  const { canvas: chart, legend } = picture;
  const lines = picture.caption.filter((line) => line !== '');
  const scale = devicePixelRatio;
  const canvas = document.createElement('canvas');
  const top = MARGIN + (1 + lines.length) * LINE + MARGIN / 2;
  canvas.width = chart.width + 2 * MARGIN * scale;
  canvas.height = chart.height + (top + MARGIN) * scale;
  const context = canvas.getContext('2d')!;
  const style = getComputedStyle(document.documentElement);
  const color = (property: string): string => style.getPropertyValue(property);
  context.fillStyle = color('--surface');
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.textBaseline = 'top';
  context.font = `600 ${15 * scale}px system-ui, sans-serif`;
  let left = MARGIN * scale;
  for (const part of legend) {
    context.fillStyle = color(part.color);
    context.fillText(part.text, left, MARGIN * scale);
    left += context.measureText(part.text).width + MARGIN * scale;
  }
  context.font = `${13 * scale}px system-ui, sans-serif`;
  context.fillStyle = color('--muted');
  for (const [index, line] of lines.entries()) {
    context.fillText(line, MARGIN * scale, (MARGIN + (index + 1) * LINE) * scale);
  }
  context.drawImage(chart, MARGIN * scale, top * scale);
  const blob = await new Promise<Blob | null>((resolve) => {
    canvas.toBlob(resolve, 'image/png');
  });
  if (blob) download(`${name}.png`, blob);
}
