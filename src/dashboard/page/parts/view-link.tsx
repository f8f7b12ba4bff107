import type { ComponentChildren } from 'preact';
import { useDashboard } from '../dashboard-context.js';
import { urlOf } from '../state/use-view-state.js';
import type { ViewState } from '../state/view-state.js';

interface ViewLinkProps {
  /** What is different there. */
  to: Partial<ViewState>;
  children: ComponentChildren;
  class?: string;
  title?: string;
  'aria-current'?: 'page' | undefined;
}

/** A link to another view: it has a URL of its own, and opens without loading the page anew. */
export function ViewLink({ to, children, ...rest }: ViewLinkProps) {
  const { state, update } = useDashboard();
  const onClick = (event: MouseEvent): void => {
    // Into another tab, as with any link.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    update(to);
  };
  return (
    <a {...rest} href={urlOf({ ...state, ...to })} onClick={onClick}>
      {children}
    </a>
  );
}
