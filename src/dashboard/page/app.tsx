import type { VNode } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { readExtent } from './api/extent.js';
import { onKeyNeeded } from './api/key.js';
import { LiveWatch } from './api/live.js';
import { frameOf } from './api/questions.js';
import { NO_SUGGESTIONS, readSuggestions } from './api/suggestions.js';
import { useAnswer } from './api/use-answer.js';
import { DashboardContext, type Dashboard } from './dashboard-context.js';
import { Fallible } from './parts/fallible.js';
import { Problem } from './parts/panel.js';
import { Toolbar } from './parts/toolbar.js';
import { TopBar } from './parts/top-bar.js';
import { useImport } from './state/use-import.js';
import { useNow } from './state/use-now.js';
import { useTheme } from './state/use-theme.js';
import { useViewState } from './state/use-view-state.js';
import { VIEWS, type View } from './state/view-state.js';
import { Funnel } from './views/funnel.js';
import { Import } from './views/import.js';
import { KeyForm } from './views/key-form.js';
import { Live } from './views/live.js';
import { Overview } from './views/overview.js';
import { People } from './views/people.js';
import { Rejections } from './views/rejections.js';
import { Retention } from './views/retention.js';
import { User } from './views/user.js';
import { Welcome } from './views/welcome.js';

const COMPONENTS: Record<View, () => VNode> = {
  overview: Overview,
  funnel: Funnel,
  retention: Retention,
  live: Live,
  people: People,
  rejections: Rejections,
  import: Import,
};
/** Views of figures, which a range and filters are about. */
const FIGURES: readonly View[] = ['overview', 'funnel', 'retention'];

/** The page, or what it takes to see it. */
export function App() {
  const [lock, setLock] = useState<{ isWrong: boolean } | undefined>();
  useEffect(
    () =>
      // Of several questions at once the first to be refused tells.
      onKeyNeeded((isWrong) => setLock((known) => known ?? { isWrong })),
    [],
  );
  if (!lock) return <Page />;
  return (
    <KeyForm key={String(lock.isWrong)} isWrong={lock.isWrong} onGiven={() => setLock(undefined)} />
  );
}

function Page() {
  const [state, update] = useViewState();
  const [now, refresh] = useNow();
  const [theme, toggleTheme] = useTheme();
  const extent = useAnswer('extent', (signal) => readExtent(now, signal), now);
  const isEmpty = extent.answer === null;
  const known = extent.answer ?? undefined;
  const suggestions = useAnswer(
    known ? 'suggestions' : undefined,
    readSuggestions,
    // Names that are new appear when the page is looked at again, not every half a minute.
    known?.first,
  );
  useEffect(() => {
    if (!isEmpty) return undefined;
    const watch = new LiveWatch({ onEvent: refresh }, { bots: 'include' });
    return () => watch.stop();
  }, [isEmpty]);
  const frame = useMemo(() => frameOf(state, now, known), [state, now, known]);
  const dashboard: Dashboard = {
    state,
    update,
    frame,
    now,
    refresh,
    extent: known,
    suggestions: suggestions.answer ?? NO_SUGGESTIONS,
    theme,
    importing: useImport(refresh),
  };
  const title = state.user === undefined ? VIEWS[state.view] : state.user;
  useEffect(() => {
    document.title = `${title} – User Analytics`;
  }, [title]);
  const isWelcome = isEmpty && FIGURES.includes(state.view);
  return (
    <DashboardContext.Provider value={dashboard}>
      <TopBar toggleTheme={toggleTheme} />
      {!isWelcome && FIGURES.includes(state.view) && <Toolbar />}
      <main id="main" tabIndex={-1}>
        <h1 class="hidden">{title}</h1>
        {/* Views tell of their own. */}
        {extent.error && state.range === 'all' && <Problem error={extent.error} />}
        <Fallible place={JSON.stringify(state)}>
          {isWelcome ? (
            <Welcome />
          ) : (
            <CurrentView view={state.view} isUser={state.user !== undefined} />
          )}
        </Fallible>
      </main>
    </DashboardContext.Provider>
  );
}

function CurrentView({ view, isUser }: { view: View; isUser: boolean }) {
  const Current = view === 'people' && isUser ? User : COMPONENTS[view];
  return <Current />;
}
