/** How a marked element is drawn: attributes alone, since the page's policy allows no styles. */
interface Item {
  name: string;
  height: number;
  ratio?: number;
  seconds?: number;
}

/** Of all sizes: smaller than the window of 600, as large, and more than twice as large. */
const ITEMS: Item[] = [
  { name: 'a', height: 100 },
  { name: 'b', height: 240 },
  { name: 'c', height: 380, ratio: 1 },
  { name: 'd', height: 60, seconds: 2 },
  { name: 'e', height: 1_300 },
  { name: 'f', height: 1_300, ratio: 0.2 },
  { name: 'g', height: 320 },
  { name: 'h', height: 200, ratio: 0.9 },
  { name: 'i', height: 150, seconds: 0.3 },
  { name: 'j', height: 500 },
  { name: 'k', height: 40 },
  { name: 'l', height: 700 },
  { name: 'm', height: 90, ratio: 0.1 },
  { name: 'n', height: 260, seconds: 3 },
];

const canvas = ({ name, height, ratio, seconds }: Item): string =>
  `<div><canvas width="300" height="${height}" data-analytics-impression="${name}"${
    ratio ? ` data-analytics-impression-ratio="${ratio}"` : ''
  }${seconds ? ` data-analytics-impression-seconds="${seconds}"` : ''}></canvas></div>`;

/** Twenty marked elements, of which some lie in others, and two come later. */
export const GALLERY = `
  ${ITEMS.map(canvas).join('\n')}
  <div data-analytics-impression="outer">
    ${canvas({ name: 'inner-1', height: 400 })}
    <div data-analytics-impression="middle">${canvas({ name: 'inner-2', height: 300 })}</div>
  </div>
  <div id="later"></div>
  <canvas width="300" height="900"></canvas>`;

/**
 * Run in the page: scrolls it, and notes with each frame how much of each element is in the window,
 * as its rectangle tells. It jumps, glides at several speeds, and stays for clearly more or less than
 * the second of the rule.
 */
export const SCROLL = `(async () => {
  const samples = [];
  let isOver = false;
  const note = () => {
    const parts = {};
    for (const element of document.querySelectorAll('[data-analytics-impression]')) {
      const { top, bottom, height } = element.getBoundingClientRect();
      const seen = Math.max(0, Math.min(bottom, innerHeight) - Math.max(top, 0));
      const { analyticsImpressionRatio: ratio, analyticsImpressionSeconds: seconds } = element.dataset;
      parts[element.dataset.analyticsImpression] = {
        part: height > 0 ? seen / height : 0, ratio: +(ratio || 0.5), seconds: +(seconds || 1),
      };
    }
    samples.push({ at: performance.now(), parts });
    if (!isOver) requestAnimationFrame(note);
  };
  requestAnimationFrame(note);
  const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const glide = async (target, pixels) => {
    const to = Math.min(target, document.documentElement.scrollHeight - innerHeight);
    while (scrollY < to - pixels) {
      scrollBy(0, pixels);
      await new Promise(requestAnimationFrame);
    }
    scrollTo(0, to);
  };
  await rest(1600);
  scrollTo(0, 520);
  await rest(350);
  await glide(900, 40);
  await rest(1700);
  await glide(2700, 25);
  await rest(400);
  scrollTo(0, 3250);
  await rest(1650);
  await glide(4400, 60);
  await rest(450);
  scrollTo(0, 4000);
  await rest(300);
  await glide(5300, 80);
  await rest(1700);
  for (const [name, height] of [['late-1', 200], ['late-2', 500]]) {
    const element = document.createElement('canvas');
    element.width = 300;
    element.height = height;
    element.dataset.analyticsImpression = name;
    later.append(element);
  }
  await glide(document.body.scrollHeight - 1900, 120);
  await rest(1600);
  await glide(document.body.scrollHeight, 200);
  await rest(300);
  isOver = true;
  return samples;
})()`;

/** What a frame of the page showed. */
export interface Sample {
  /** Milliseconds of the page. */
  at: number;
  parts: Record<string, { part: number; ratio: number; seconds: number }>;
}

/** Frames lie up to so far from what the tracker is told. */
const MARGIN_MS = 220;

/** Which elements were in view, as much as they have to be, for as long as they have to be, at a stretch. */
export function expectedImpressions(samples: Sample[]) {
  const verdict = { counted: [] as string[], missed: [] as string[], unclear: [] as string[] };
  for (const name of Object.keys(samples.at(-1)!.parts)) {
    const { seconds } = samples.at(-1)!.parts[name]!;
    const spare = longestStay(samples, name) - seconds * 1_000;
    const kind = spare > MARGIN_MS ? 'counted' : 'missed';
    verdict[Math.abs(spare) > MARGIN_MS ? kind : 'unclear'].push(name);
  }
  return verdict;
}

function longestStay(samples: Sample[], name: string): number {
  let longest = 0;
  let since: number | undefined;
  for (const { at, parts } of samples) {
    const one = parts[name];
    const isIn = one !== undefined && one.part >= one.ratio;
    since = isIn ? (since ?? at) : undefined;
    if (since !== undefined) longest = Math.max(longest, at - since);
  }
  return longest;
}
