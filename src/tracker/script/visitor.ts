import { script } from './settings.js';

export const CALLS = 'analytics:call:';
const ANONYMOUS = 'analytics:id';
export const USER = 'analytics:user';

/** The browser's; where nothing may be kept, or nothing can, it's in memory, and the visitor is nobody. */
export let storage: Record<string, string> = {};
export let hasIds = false;

/** Looks whether anything may be kept, and removes what was where nothing may be. */
export const openStorage = (): void => {
  const browser = navigator as Navigator & { globalPrivacyControl?: boolean };
  try {
    const kept = localStorage as unknown as typeof storage;
    // Some have null in its place, which has no keys to look at.
    const keys = [...callsOf(kept), ANONYMOUS, USER];
    if (
      script.dataset['storage'] === 'none' ||
      browser.globalPrivacyControl ||
      +browser.doNotTrack!
    ) {
      for (const key of keys) delete kept[key];
    } else {
      storage = kept;
      hasIds = true;
    }
  } catch {
    // A sandboxed frame has none, and neither has a browser that is told to keep nothing.
  }
};

/** @returns a copy: they may be removed one by one */
export const callsOf = (kept: typeof storage): string[] =>
  Object.keys(kept).filter((key) => key.startsWith(CALLS));

/** Whose a call is. Other pages may have changed it meanwhile. */
export const whose = (): object => {
  try {
    if (hasIds) return { anonymousId: (storage[ANONYMOUS] ||= newId()), userId: storage[USER] };
  } catch {
    // There is no room for a new id.
  }
  return { nobody: true };
};

export const forgetUser = (): void => {
  delete storage[ANONYMOUS];
  delete storage[USER];
};

/** 128 random bits: `crypto.randomUUID` is missing on pages that came by plain HTTP. */
export const newId = (): string => crypto.getRandomValues(new Uint32Array(4)).join('-');
