import { useCallback, useEffect, useState } from 'preact/hooks';
import { readViewState, writeViewState, type ViewState } from './view-state.js';

/**
 * Changes the view, and the URL with it.
 *
 * @param how `replace` is for what is being typed: not every letter is a step back in the history
 */
export type Update = (change: Partial<ViewState>, how?: 'push' | 'replace') => void;

const browserZone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

/** The state that the URL says. */
export function useViewState(): [ViewState, Update] {
  const read = (): ViewState => readViewState(location.search, browserZone);
  const [state, setState] = useState(read);
  useEffect(() => {
    const onMove = (): void => setState(read());
    addEventListener('popstate', onMove);
    return () => removeEventListener('popstate', onMove);
  }, []);
  const update = useCallback<Update>((change, how = 'push') => {
    const next = { ...read(), ...change };
    // The same again is no step.
    const isStep = how === 'push' && writeViewState(next) !== location.search;
    history[isStep ? 'pushState' : 'replaceState'](null, '', urlOf(next));
    setState(next);
  }, []);
  return [state, update];
}

/** Relative: wherever the page lies. */
export function urlOf(state: ViewState): string {
  return `dashboard${writeViewState(state)}`;
}
