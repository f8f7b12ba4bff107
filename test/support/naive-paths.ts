/** An event as the models below take it. */
export interface Happening {
  time: number;
  /** Undefined for nobody. */
  person: string | undefined;
  name: string;
  isPro: boolean;
}

type Condition = (happening: Happening) => boolean;

/**
 * A funnel by trying every way that there is.
 *
 * @returns for each step how many took it, and the median of their shortest times in seconds
 */
export function naiveFunnel(
  events: readonly Happening[],
  steps: readonly Condition[],
  withinMs: number,
): [number, number | null][] {
  const shortest = steps.map(() => new Map<string, number>());
  const walk = (step: number, start: Happening, last: Happening): void => {
    const took = last.time - start.time;
    if (took > withinMs) return;
    const known = shortest[step]!.get(start.person!) ?? Number.POSITIVE_INFINITY;
    shortest[step]!.set(start.person!, Math.min(known, took));
    const next = steps[step + 1];
    if (!next) return;
    for (const event of events) {
      if (event.person === start.person && event.time > last.time && next(event)) {
        walk(step + 1, start, event);
      }
    }
  };
  for (const event of events)
    if (event.person !== undefined && steps[0]!(event)) walk(0, event, event);
  return shortest.map((times) => [times.size, median([...times.values()])]);
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((one, other) => one - other);
  const [low, high] = [Math.floor((sorted.length - 1) / 2), Math.ceil((sorted.length - 1) / 2)];
  return (sorted[low]! + sorted[high]!) / 2_000;
}

/** @param starts of the periods; @returns of each its size, and how many came in it and in each after */
export function naiveRetention(
  events: readonly Happening[],
  { from, to }: { from: number; to: number },
  starts: readonly number[],
  joins: Condition,
  returns: Condition,
): [number, number[]][] {
  const periodOf = (time: number): number =>
    time < from || time >= to ? -1 : starts.findLastIndex((start) => start <= time);
  const people = new Set(events.flatMap(({ person }) => person ?? []));
  const firsts = [...people].flatMap((person) => {
    const times = events.filter((event) => event.person === person && joins(event));
    if (times.length === 0) return [];
    return [{ person, period: periodOf(Math.min(...times.map(({ time }) => time))) }];
  });
  return starts.map((_, period) => {
    const members = firsts.filter((first) => first.period === period).map(({ person }) => person);
    const retained = starts
      .slice(period)
      .map(
        (__, later) =>
          members.filter((person) =>
            events.some(
              (event) =>
                event.person === person &&
                returns(event) &&
                periodOf(event.time) === period + later,
            ),
          ).length,
      );
    return [members.length, retained];
  });
}
