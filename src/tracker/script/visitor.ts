import { script } from './settings.js';

/** What all keys in the storage begin with. */
const PREFIX = 'analytics:';
export const CALLS = 'analytics:call:';
const ANONYMOUS = 'analytics:id';
export const USER = 'analytics:user';

/** The browser's; where nothing may be kept, or nothing can, it's in memory, and the visitor is nobody. */
export let storage: Record<string, string> = {};
export let isNobody = true;

/** Looks whether anything may be kept, and removes what was where nothing may be. */
export const openStorage = (): void => {
  const { globalPrivacyControl, doNotTrack } = navigator as Navigator & {
    globalPrivacyControl?: boolean;
  };
  try {
    const kept = localStorage as unknown as typeof storage;
    // Some have null in its place, which has no keys to look at.
    const keys = keysOf(kept, PREFIX);
    if (script.dataset['storage'] === 'none' || globalPrivacyControl || doNotTrack === '1') {
      for (const key of keys) delete kept[key];
    } else {
      storage = kept;
      isNobody = false;
    }
  } catch {
    // A sandboxed frame has none, and neither has a browser that is told to keep nothing.
  }
};

/** @returns a copy: they may be removed one by one */
export const keysOf = (kept: typeof storage, prefix: string): string[] =>
  Object.keys(kept).filter((key) => key.startsWith(prefix));

/** Whose a call is. Other pages may have changed it meanwhile. */
export const whose = (): object => {
  try {
    if (!isNobody) return { anonymousId: (storage[ANONYMOUS] ||= uuid()), userId: storage[USER] };
  } catch {
    // There is no room for a new id.
  }
  return { nobody: true };
};

export const forgetUser = (): void => {
  delete storage[ANONYMOUS];
  delete storage[USER];
};

/** A random one: `crypto.randomUUID` is missing on pages that came by plain HTTP. */
export const uuid = (): string =>
  '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (digit) =>
    (+digit ^ (crypto.getRandomValues(new Uint8Array(1))[0]! & (15 >> (+digit / 4)))).toString(16),
  );
