import { downloadPng, type Picture } from '../charts/download.js';

interface PngButtonProps {
  /** Of the file, without its ending. */
  name: string;
  /** What it's of, for whoever can't see where the button is. */
  of: string;
  /** Is asked for when it's wanted; without a canvas nothing is drawn yet. */
  picture: () => Omit<Picture, 'canvas'> & { canvas: HTMLCanvasElement | undefined };
}

/** Downloads a chart as a picture. */
export function PngButton({ name, of, picture }: PngButtonProps) {
  const onClick = (): void => {
    const { canvas, ...rest } = picture();
    if (canvas) void downloadPng(name, { canvas, ...rest });
  };
  return (
    <button type="button" class="small" aria-label={`PNG of ${of}`} onClick={onClick}>
      PNG
    </button>
  );
}
