import { useDashboard } from '../dashboard-context.js';
import { percentText } from '../state/format.js';
import { VIEWS, type View } from '../state/view-state.js';
import { ViewLink } from './view-link.js';

/** The views, and how they look. */
export function TopBar({ toggleTheme }: { toggleTheme: () => void }) {
  const { state, theme, importing } = useDashboard();
  const { running } = importing;
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <header class="top">
      <a class="skip" href="#main">
        To the figures
      </a>
      <span class="brand">User Analytics</span>
      <nav aria-label="Views">
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
