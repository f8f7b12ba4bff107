import { useDashboard } from '../dashboard-context.js';
import { figureText } from '../state/format.js';
import { ViewLink } from './view-link.js';

/** That something was left out, and where it's counted. Nothing where that isn't so. */
export function BotsNote({ events }: { events: number }) {
  const { state } = useDashboard();
  if (state.includeBots || events === 0) return null;
  const text =
    events === 1 ? '1 event of bots is' : `${figureText('events', events)} events of bots are`;
  return (
    <p class="quiet bots">
      {text} left out. <ViewLink to={{ includeBots: true }}>Count them</ViewLink>
    </p>
  );
}
