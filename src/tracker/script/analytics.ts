import { identify, page, track } from './calls.js';
import { watchClicks } from './clicks.js';
import { guard } from './guard.js';
import { forgetImpressions, watchImpressions } from './impressions.js';
import { watchPages } from './pages.js';
import { openQueue } from './queue.js';
import { script } from './settings.js';
import { forgetUser, openStorage } from './visitor.js';

// Pages pay for each byte: functions are arrows in here, which take less than others.

/** A method's name and its arguments. */
type Call = [name: string, ...args: unknown[]];

const view = (properties?: Record<string, unknown>): void => {
  forgetImpressions();
  page(properties);
};

/** Calls from before the script was there lie in an array. */
const take = ([name, ...args]: Call): void => {
  analytics[name]!(...(args as never[]));
};

/** What a page has as `analytics`. */
const analytics: Record<string, (...args: never[]) => void> = {
  track: guard(track),
  identify: guard(identify),
  reset: guard(forgetUser),
  page: guard(view),
  push: guard(take),
};

guard(() => {
  const site = window as { analytics?: unknown };
  const before = site.analytics as (Call[] & { track?: unknown; nodeType?: number }) | undefined;
  // The script is there already, or another that is called so; elements give way.
  if (before && (before.track || !(before.push || before.nodeType))) return;
  site.analytics = analytics;
  openStorage();
  openQueue();
  before?.forEach?.(analytics['push'] as (call: Call) => void);
  watchClicks();
  watchImpressions();
  if (script.dataset['pages'] !== 'manual') watchPages(view);
})();
