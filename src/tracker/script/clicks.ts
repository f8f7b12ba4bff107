import { on } from './guard.js';
import { tell } from './marks.js';

/** Each marked element that a click is in, the innermost first; the middle button's, too. */
export const watchClicks = (): void => {
  const hear = (event: MouseEvent): void => {
    if (event.button > 1) return;
    for (const element of event.composedPath() as HTMLElement[]) {
      const value = element.dataset?.['analyticsClick'];
      if (value) tell('click', element, value);
    }
  };
  on('click', hear);
  on('auxclick', hear);
};
