import { useCallback, useEffect, useState } from 'preact/hooks';

export type Theme = 'light' | 'dark';

const KEY = 'user-analytics.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

/** What was chosen on this machine, else what its system prefers. */
export function useTheme(): [Theme, () => void] {
  const [chosen, setChosen] = useState(read);
  const [system, setSystem] = useState<Theme>(dark.matches ? 'dark' : 'light');
  useEffect(() => {
    const onChange = (): void => setSystem(dark.matches ? 'dark' : 'light');
    dark.addEventListener('change', onChange);
    return () => dark.removeEventListener('change', onChange);
  }, []);
  const theme = chosen ?? system;
  // Before anything is drawn: charts read their colours from the page's style.
  document.documentElement.dataset['theme'] = theme;
  const toggle = useCallback(() => {
    const next = theme === 'dark' ? 'light' : 'dark';
    write(next);
    setChosen(next);
  }, [theme]);
  return [theme, toggle];
}

function read(): Theme | undefined {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === 'light' || kept === 'dark' ? kept : undefined;
  } catch {
    return undefined;
  }
}

function write(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // It's for this visit alone then.
  }
}
