import { path } from './calls.js';
import { guard, on } from './guard.js';

/** A page view now, and whenever an application shows another page without loading one. */
export const watchPages = (view: () => void): void => {
  let last: string;
  const look = guard(() => {
    // Nobody has asked for a page yet that is loaded in advance.
    if ((document as { prerendering?: boolean }).prerendering || path() === last) return;
    last = path();
    view();
  });
  for (const name of ['pushState', 'replaceState'] as const) {
    const change = History.prototype[name];
    History.prototype[name] = function (...args) {
      change.apply(this, args);
      look();
    };
  }
  for (const name of ['popstate', 'hashchange', 'prerenderingchange']) on(name, look);
  // Back from the memory in which browsers keep pages that were left.
  on('pageshow', ({ persisted }: PageTransitionEvent) => {
    if (persisted) last = '';
    look();
  });
  look();
};
