import { script } from './settings.js';

/** What all keys in the storage begin with. */
const PREFIX = 'analytics:';
export const CALLS = 'analytics:call:';
const ANONYMOUS = 'analytics:id';
const USER = 'analytics:user';

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
    if (script.dataset['storage'] === 'none' || globalPrivacyControl || doNotTrack === '1') {
      for (const key of keysOf(kept, PREFIX)) delete kept[key];
    } else {
      // There may be no room for it.
      kept[ANONYMOUS] ||= uuid();
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
  if (isNobody) return { nobody: true };
  return {
    anonymousId: (storage[ANONYMOUS] ||= uuid()),
    userId: storage[USER],
  };
};

export const becomeUser = (id: string): void => {
  storage[USER] = id;
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
