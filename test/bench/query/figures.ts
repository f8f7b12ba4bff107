/** Figures of one stretch of time; which ones, the question says. */
export type Figures = readonly number[];

/**
 * What an answer says, whoever gave it: the figures of the whole, and of each hour that has any
 * events.
 */
export interface Said {
  whole: Figures;
  /** By the start of the hour, in Unix milliseconds. */
  hours: ReadonlyMap<number, Figures>;
}

/** How long an answer took, in milliseconds. */
export interface Timed {
  ms: number;
  said: Said;
}

export const NO_HOURS: Said['hours'] = new Map();

/** Hours without events may be said or not. */
export function hoursOf(rows: Iterable<[number, Figures]>): Said['hours'] {
  return new Map([...rows].filter(([, figures]) => figures.some((figure) => figure !== 0)));
}

/** @throws with the first difference */
export function expectSame(found: Said, expected: Said): void {
  compare('in all', found.whole, expected.whole);
  for (const hour of new Set([...found.hours.keys(), ...expected.hours.keys()])) {
    compare(new Date(hour).toISOString(), found.hours.get(hour), expected.hours.get(hour));
  }
}

function compare(what: string, found: Figures | undefined, expected: Figures | undefined): void {
  const [text, right] = [String(found ?? 'nothing'), String(expected ?? 'nothing')];
  if (text !== right) throw new Error(`Wrong, ${what}: answered ${text}, SQL says ${right}`);
}
