import { guard, on } from './guard.js';
import { tell } from './marks.js';
import { script } from './settings.js';

const MARK = 'data-analytics-impression';

/**
 * What may make an impression, and how its time in view ends and begins anew.
 *
 * @param time when that is, in milliseconds of the page; now, and not a moment was enough, without it
 * @param part of the element that is in the viewport, from 0 to 1; as it was, without it; below 0
 *   when it's looked at no more
 */
type Restart = (time?: number, part?: number) => void;

const watched = new Map<Element, Restart>();
const observers: Record<number, IntersectionObserver> = {};
/** What each element was seen as in this page view. */
let seen = new WeakMap<Element, string[]>();

/** Watches what is marked now, and what will be. */
export const watchImpressions = (): void => {
  new MutationObserver(guard(hearChanges)).observe(document, {
    attributeFilter: [MARK],
    attributeOldValue: true,
    childList: true,
    subtree: true,
  });
  // What isn't shown isn't seen.
  on('visibilitychange', restartAll);
  look(document);
};

/** A new page view: all counts anew, from now on. */
export const forgetImpressions = (): void => {
  seen = new WeakMap();
  restartAll();
};

const restartAll = (): void => {
  watched.forEach((restart) => restart());
};

const hearChanges = (changes: MutationRecord[]): void => {
  for (const { attributeName, oldValue, target, addedNodes } of changes) {
    if (!attributeName)
      addedNodes.forEach((node) => (node as Element).matches && look(node as Element));
    // Some set the same value again with each drawing.
    else if (oldValue !== (target as HTMLElement).getAttribute(attributeName))
      watch(target as HTMLElement);
  }
  for (const element of watched.keys()) if (!element.isConnected) forget(element);
};

const look = (root: ParentNode): void => {
  watch(root as HTMLElement);
  root.querySelectorAll<HTMLElement>(`[${MARK}]`).forEach(watch);
};

const watch = (element: HTMLElement): void => {
  // Nothing tells when it's shown that is a mere place in the page.
  const LOOK_AGAIN_MS = 200;
  forget(element);
  const value = (element as Partial<HTMLElement>).getAttribute?.(MARK);
  if (!value) return;
  // Browsers compute in 32 bits: 0.7 may be told as 0.69999999, and what is scaled needn't reach 1.
  const ratio = threshold(element, 'Ratio', 0.5, 1) - 1e-4;
  const ms = 1_000 * threshold(element, 'Seconds', 1, 1_000_000);
  const observer = (observers[ratio] ||= new IntersectionObserver(guard(hearViews), {
    threshold: ratio,
  }));
  let part = 0;
  /** Since when it has been seen without a break; 0 while it isn't, or is a mere place in the page. */
  let since = 0;
  let timer: number | undefined;

  const count = (): void => {
    if (!since || !isShown(element)) return;
    seen.set(element, [...(seen.get(element) || []), value]);
    tell('impression', element, value);
  };
  const restart: Restart = (time, newPart = part) => {
    part = newPart;
    if (part < 0) observer.unobserve(element);
    clearTimeout(timer);
    if (time! - since >= ms) count();
    since = 0;
    if (part < ratio || document.hidden || seen.get(element)?.includes(value)) return;
    const begun = (since = isShown(element) ? time || performance.now() : 0);
    // It may have left in the meantime.
    const ripen = (): void => {
      hearViews(observer.takeRecords());
      if (since !== begun) return;
      count();
      // It may be shown later.
      restart();
    };
    timer = setTimeout(guard(ripen), begun ? ms : LOOK_AGAIN_MS);
  };
  watched.set(element, restart);
  observer.observe(element);
};

/** Whether it's more than a place in the page. Older browsers can't tell. */
const isShown = (element: Partial<Element>): boolean =>
  element.checkVisibility?.({ opacityProperty: true, visibilityProperty: true }) ?? true;

/** What the element says, or else the script's own. */
const threshold = (
  { dataset }: HTMLElement,
  name: 'Ratio' | 'Seconds',
  usual: number,
  most: number,
): number => {
  const set = +(dataset[`analyticsImpression${name}`] || script.dataset[`impression${name}`]!);
  return set >= 0.001 && set <= most ? set : usual;
};

const forget = (element: Element): void => {
  watched.get(element)?.(0, -1);
  watched.delete(element);
};

const hearViews = (entries: IntersectionObserverEntry[]): void => {
  for (const { target, time, intersectionRatio } of entries) {
    watched.get(target)?.(time, intersectionRatio);
  }
};
