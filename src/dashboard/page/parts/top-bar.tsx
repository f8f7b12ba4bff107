import { useEffect, useRef } from 'preact/hooks';
import { useDashboard } from '../dashboard-context.js';
import { percentText } from '../state/format.js';
import { VIEWS, type View } from '../state/view-state.js';
import { ViewLink } from './view-link.js';

/** The views, and how they look. */
export function TopBar({ toggleTheme }: { toggleTheme: () => void }) {
  const { state, theme, importing } = useDashboard();
  const { running } = importing;
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    // On a phone there's no room for all of them.
    const current = nav.current!.querySelector<HTMLElement>('[aria-current]');
    if (current) nav.current!.scrollLeft = current.offsetLeft - nav.current!.offsetLeft;
  }, [state.view]);
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <header class="top">
      <a class="skip" href="#main">
        To the figures
      </a>
      <span class="brand">User Analytics</span>
      <nav aria-label="Views" ref={nav}>
        {(Object.entries(VIEWS) as [View, string][]).map(([view, name]) => (
          <ViewLink
            key={view}
            to={{ view, user: undefined, cursor: undefined }}
            aria-current={state.view === view ? 'page' : undefined}
          >
            {name}
            {view === 'import' && running && ` ${percentText(running.share)}`}
          </ViewLink>
        ))}
      </nav>
      <button
        type="button"
        class="small"
        onClick={toggleTheme}
        aria-label={`Change to ${other} colours`}
      >
        {other === 'dark' ? '☾' : '☀'}
      </button>
    </header>
  );
}
