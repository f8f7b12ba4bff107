import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Extent } from './api/extent.js';
import type { Frame } from './api/questions.js';
import type { Suggestions } from './api/suggestions.js';
import type { ImportState } from './state/use-import.js';
import type { Theme } from './state/use-theme.js';
import type { Update } from './state/use-view-state.js';
import type { ViewState } from './state/view-state.js';

/** What all views see. */
export interface Dashboard {
  state: ViewState;
  update: Update;
  frame: Frame;
  /** The moment of which figures are shown. */
  now: number;
  /** Brings it up to now. */
  refresh: () => void;
  /** All there is; undefined while that isn't known, and where there's nothing. */
  extent: Extent | undefined;
  suggestions: Suggestions;
  theme: Theme;
  importing: ImportState;
}

export const DashboardContext = createContext<Dashboard | undefined>(undefined);

export function useDashboard(): Dashboard {
  return useContext(DashboardContext)!;
}
