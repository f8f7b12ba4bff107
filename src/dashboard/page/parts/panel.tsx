import type { ComponentChildren } from 'preact';
import type { Asked } from '../api/use-answer.js';
import type { ApiError } from '../api/client.js';

interface PanelProps {
  title: string;
  /** Buttons at its right. */
  actions?: ComponentChildren;
  isLoading?: boolean;
  children: ComponentChildren;
}

/** A part of a view, with a heading. */
export function Panel({ title, actions, isLoading = false, children }: PanelProps) {
  return (
    <section class="panel" aria-label={title} aria-busy={isLoading}>
      <header class="panel-head">
        <h2>{title}</h2>
        <div class="actions">{actions}</div>
      </header>
      {children}
    </section>
  );
}

/**
 * An answer, or what there is to say while there is none. The one before stays until then, since what
 * has the focus may be in it.
 */
export function Answered<Answer>({
  asked,
  children,
}: {
  asked: Asked<Answer>;
  children: (answer: Answer) => ComponentChildren;
}) {
  const { answer, error, isLoading, isStale } = asked;
  return (
    <div class={`answered ${isStale ? 'stale' : ''}`} aria-busy={isLoading}>
      {error && <Problem error={error} />}
      {answer !== undefined && children(answer)}
      {answer === undefined && !error && <p class="quiet loading">Loading …</p>}
    </div>
  );
}

/** What went wrong, and what to do next. */
export function Problem({ error }: { error: ApiError }) {
  return (
    <div class="problem" role="alert">
      <strong>{error.message}</strong>
      <p>{error.advice}</p>
    </div>
  );
}

/** Nothing to show, and what would change that. */
export function Nothing({ children }: { children: ComponentChildren }) {
  return <p class="quiet">{children}</p>;
}
