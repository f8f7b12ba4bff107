import { useCallback, useEffect, useState } from 'preact/hooks';

const REFRESH_MS = 30_000;

/**
 * The moment of which figures are shown, in milliseconds: it moves on by itself while somebody looks.
 *
 * @returns it, and what brings it up to now
 */
export function useNow(): [number, () => void] {
  const [now, setNow] = useState(() => Date.now());
  const refresh = useCallback(() => setNow(Date.now()), []);
  useEffect(() => {
    const tick = (): void => {
      if (document.visibilityState === 'visible') refresh();
    };
    const timer = setInterval(tick, REFRESH_MS);
    document.addEventListener('visibilitychange', tick);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', tick);
    };
  }, []);
  return [now, refresh];
}
