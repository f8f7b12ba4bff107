/** Whatever goes wrong in here is told to the console, and never to the page. */
export const guard =
  <A extends unknown[]>(run: (...args: A) => void): ((...args: A) => void) =>
  (...args) => {
    try {
      run(...args);
    } catch (error) {
      warn(error);
    }
  };

/** For who looks after the page. */
export const warn = (reason: unknown): true => {
  // oxlint-disable-next-line no-console
  console.warn('analytics:', reason);
  return true;
};

/** Hears an event before the page's own handlers do, or after those that aren't the window's. */
export const on = (name: string, hear: (event: never) => void, isLate?: boolean): void => {
  addEventListener(name, guard(hear) as (event: Event) => void, !isLate);
};
