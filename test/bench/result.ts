import type { Storage } from './options.js';
import { median } from './statistics.js';
import { formatNumber } from './table.js';

/** What a figure has to be. */
export type Requirement = { atLeast: number } | { atMost: number } | { below: number };

/** One line of the table. */
export interface Result {
  storage: Storage;
  what: string;
  against: string;
  unit: string;
  /** Of each round; empty where it failed. */
  rounds: number[];
  /** Of what it is compared with, in the same order; empty where the figure itself is judged. */
  referenceRounds: number[];
  /** The ratio is how many times faster it is than the reference; the rounds are times. */
  timesFaster?: true;
  /** Of the ratio, or of the figure itself; without one it is only reported. */
  required?: Requirement;
  /** Why there are no figures. */
  failure?: string;
}

export const HEADER = ['storage', 'what', 'measured', 'against', 'ratio', 'required', 'met'];

/** The median of the rounds, or its ratio to that of the reference. */
export function judgedFigure(result: Result): number | undefined {
  const { rounds, referenceRounds, timesFaster } = result;
  if (rounds.length === 0) return undefined;
  const reference = referenceRounds.length === 0 ? 1 : median(referenceRounds);
  return timesFaster ? reference / median(rounds) : median(rounds) / reference;
}

/** @returns undefined where nothing is required, or there is no figure */
export function isMet(result: Result): boolean | undefined {
  const figure = judgedFigure(result);
  if (!result.required || figure === undefined) return undefined;
  const { required } = result;
  if ('atLeast' in required) return figure >= required.atLeast;
  return 'atMost' in required ? figure <= required.atMost : figure < required.below;
}

/** Cells in the order of {@link HEADER}. */
export function toRow(result: Result): string[] {
  const { storage, what, unit, rounds, referenceRounds } = result;
  const figure = judgedFigure(result);
  const ratio = referenceRounds.length === 0 ? undefined : figure;
  return [
    storage,
    what,
    rounds.length === 0 ? '–' : `${formatNumber(median(rounds))} ${unit}`,
    against(result),
    ratio === undefined ? '–' : formatNumber(ratio),
    requirement(result),
    verdict(result),
  ];
}

function against({ against: name, unit, referenceRounds }: Result): string {
  if (referenceRounds.length === 0) return name;
  return `${name}: ${formatNumber(median(referenceRounds))} ${unit}`;
}

function requirement({ required }: Result): string {
  if (!required) return 'reported';
  if ('atLeast' in required) return `at least ${required.atLeast}`;
  return 'atMost' in required ? `at most ${required.atMost}` : `under ${required.below}`;
}

function verdict(result: Result): string {
  if (result.failure !== undefined) return `FAILED: ${result.failure}`;
  const met = isMet(result);
  if (met === undefined) return '–';
  return met ? 'yes' : 'NO';
}
