/** Of this tab alone: whoever opens another, or this one tomorrow, has to know it. */
const STORED_AS = 'user-analytics-key';

let listener: ((isWrong: boolean) => void) | undefined;
let key: string | null = stored();

function stored(): string | null {
  try {
    return sessionStorage.getItem(STORED_AS);
  } catch {
    // The browser keeps nothing for this page: it's known until the page is left.
    return null;
  }
}

/** The key that is given with every question; undefined where none was needed yet. */
export function currentKey(): string | undefined {
  return key ?? undefined;
}

/** @param given null forgets it */
export function keepKey(given: string | null): void {
  key = given;
  try {
    if (given === null) sessionStorage.removeItem(STORED_AS);
    else sessionStorage.setItem(STORED_AS, given);
  } catch {
    // As above.
  }
}

export function keyHeaders(): Record<string, string> {
  return key === null ? {} : { 'X-API-Key': key };
}

/** To be told when the server doesn't answer without a key, or doesn't take the one that it was given. */
export function onKeyNeeded(hear: (isWrong: boolean) => void): () => void {
  listener = hear;
  return () => {
    listener = undefined;
  };
}

export function tellKeyNeeded(): void {
  const isWrong = key !== null;
  keepKey(null);
  listener?.(isWrong);
}
